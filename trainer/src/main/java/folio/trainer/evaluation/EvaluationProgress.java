package folio.trainer.evaluation;

/** A receiver of the progress of an evaluation. */
@FunctionalInterface
public interface EvaluationProgress {
  /** A receiver that ignores the progress. */
  EvaluationProgress NONE = (read, all) -> {};

  /**
   * Receives the progress.
   *
   * @param read the number of characters that were read
   * @param all the number of characters to read
   */
  void read(long read, long all);
}
