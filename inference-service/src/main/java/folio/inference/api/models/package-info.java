/** {@code GET /models} and {@code GET /checkpoints}: loaded models and published checkpoints. */
package folio.inference.api.models;
