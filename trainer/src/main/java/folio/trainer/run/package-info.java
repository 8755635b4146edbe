/**
 * A training run from its first step to its last. This package joins corpus, training, evaluation,
 * publication and report.
 */
package folio.trainer.run;
