/**
 * From logits to a character. Trainer and service agree on it, so that the same checkpoint, prompt,
 * parameters and seed give the same text on a terminal and over HTTP.
 */
package folio.model.sampling;
