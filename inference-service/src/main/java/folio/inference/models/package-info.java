/**
 * How a checkpoint becomes a model that serves: watch, verify, load, canary, hand over.
 *
 * <p>A resident model goes from CANDIDATE (loaded, owned by the loader until it is taken) to
 * CURRENT (new requests go to it) to RETIRING (its last requests run) and is closed. At most two
 * are resident.
 */
package folio.inference.models;
