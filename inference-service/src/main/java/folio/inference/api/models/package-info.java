/** Loaded models, published checkpoints, when each was current, and training runs. */
package folio.inference.api.models;
