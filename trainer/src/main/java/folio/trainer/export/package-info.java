/** Checkpoints in the forms of other programs. */
package folio.trainer.export;
