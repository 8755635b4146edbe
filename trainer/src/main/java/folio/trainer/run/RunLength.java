package folio.trainer.run;

/**
 * The length of a run in one unit.
 *
 * @param unit the unit
 * @param amount the number of units, above 0
 * @param minSteps the smallest number of steps that it stands for
 * @param maxSteps the largest number of steps that it stands for
 */
public record RunLength(Unit unit, double amount, long minSteps, long maxSteps) {
  private static final double SECONDS_PER_MINUTE = 60;

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
    return Math.max(minSteps, Math.min(maxSteps, Math.round(steps)));
  }
}
