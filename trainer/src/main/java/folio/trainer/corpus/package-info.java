/** The texts to train on and the choice of the batches that a step reads. */
package folio.trainer.corpus;
