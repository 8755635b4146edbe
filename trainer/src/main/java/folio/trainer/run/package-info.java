/**
 * A training run from its first step to its last: it joins corpus, training, evaluation,
 * publication and report.
 */
package folio.trainer.run;
