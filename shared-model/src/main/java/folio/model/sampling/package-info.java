/**
 * The choice of a character from its logits. The trainer and the service share it, so that the same
 * checkpoint, prompt, parameters and seed give the same text on a terminal and over HTTP.
 */
package folio.model.sampling;
