package folio.trainer.corpus;

/** A sampler that chooses the batch of each step, as a pure function of the step. */
@FunctionalInterface
public interface SequenceSampler {
  /**
   * Returns the batch of a step.
   *
   * @param step the number of the step, from 0
   */
  Batch batch(long step);
}
