package folio.trainer.training;

/** The loss is no longer a finite number; nothing better can come of this run. */
public final class TrainingDivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Says when it was noticed.
   *
   * @param step steps taken
   * @param loss what was measured
   */
  public TrainingDivergedException(long step, double loss) {
    super(
        "the loss is "
            + loss
            + " after step "
            + step
            + ": training has diverged; what was published before stays. Lower --learning-rate, or"
            + " clip gradients with --clip-norm 1");
  }
}
