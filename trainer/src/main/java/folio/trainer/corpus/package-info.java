/** The text to train on, and the batches cut from it. */
package folio.trainer.corpus;
