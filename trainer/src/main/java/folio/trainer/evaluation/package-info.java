/**
 * How good a network is: losses by protocol, predictions, generated text and how much of it is
 * memorised.
 */
package folio.trainer.evaluation;
