/**
 * The measures of a network: its losses by protocol, its predictions, the text that it generates,
 * and the part of that text that it has memorised.
 */
package folio.trainer.evaluation;
