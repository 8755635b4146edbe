/**
 * What trainer and service agree on, and nothing else: which characters exist ({@link
 * folio.model.vocabulary}), what the network computes ({@link folio.model.network}) and how a
 * trained network lies on disk ({@link folio.model.checkpoint}).
 */
package folio.model;
