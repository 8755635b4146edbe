/** What of a run is kept: published checkpoints, and the state that it resumes from. */
package folio.trainer.publication;
