/** The lasting results of a run: published checkpoints and the state from which the run resumes. */
package folio.trainer.publication;
