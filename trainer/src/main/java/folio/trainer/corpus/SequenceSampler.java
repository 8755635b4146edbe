package folio.trainer.corpus;

/** Decides which text a step sees, as a pure function of the step. */
@FunctionalInterface
public interface SequenceSampler {
  /**
   * The batch of a step.
   *
   * @param step from 0
   */
  Batch batch(long step);
}
