package folio.trainer.run;

/**
 * The length of a run in one unit.
 *
 * @param unit the unit
 * @param amount the number of units, above 0
 * @param limits the limits of the number of steps
 */
public record RunLength(Unit unit, double amount, Limits limits) {
  private static final double SECONDS_PER_MINUTE = 60;

  /**
   * The limits of the number of steps that a length stands for.
   *
   * @param minSteps the smallest number
   * @param maxSteps the largest number
   * @param shortTextEpochs how often a short text is read, if that is longer than the length
   * @param shortTextSteps the number of steps up to which it is read that often
   */
  public record Limits(long minSteps, long maxSteps, double shortTextEpochs, long shortTextSteps) {}

  /** The unit of a length. */
  public enum Unit {
    /** Optimizer steps. */
    STEPS,
    /** Readings of the complete training text. */
    EPOCHS,
    /** Minutes of training on this machine, evaluations included. */
    MINUTES
  }

  /**
   * Returns the number of steps.
   *
   * @param textLength the number of characters of the training text
   * @param charactersPerStep the number of characters that a step trains on
   * @param secondsPerStep the time of a step; read only for a length in minutes
   */
  public long steps(long textLength, long charactersPerStep, double secondsPerStep) {
    double steps =
        switch (unit) {
          case STEPS -> amount;
          case EPOCHS -> amount * textLength / charactersPerStep;
          case MINUTES -> amount * SECONDS_PER_MINUTE / secondsPerStep;
        };
    double ofShortText =
        Math.min(
            (double) limits.shortTextSteps(),
            limits.shortTextEpochs() * textLength / charactersPerStep);
    long longer = Math.round(Math.max(steps, ofShortText));
    return Math.max(limits.minSteps(), Math.min(limits.maxSteps(), longer));
  }
}
