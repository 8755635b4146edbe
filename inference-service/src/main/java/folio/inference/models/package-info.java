/**
 * How a checkpoint becomes a model that serves: the watcher notices it, the loader verifies it,
 * loads it and runs its canary, and {@link folio.inference.models.ResidentModels} hands it to the
 * engine's workers.
 */
package folio.inference.models;
