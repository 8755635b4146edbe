package folio.trainer.training;

/** An error of a run: its loss is not a finite number, so the run cannot improve any more. */
public final class TrainingDivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception for a loss.
   *
   * @param step the number of steps taken
   * @param loss the measured loss
   */
  public TrainingDivergedException(long step, double loss) {
    super(
        "the loss is "
            + loss
            + " after step "
            + step
            + ": training has diverged; earlier checkpoints stay published. Lower --learning-rate, or"
            + " clip gradients with --clip-norm 1");
  }
}
