/** The routes {@code /models} and {@code /checkpoints}: what is loaded and what the store holds. */
package folio.inference.api.models;
