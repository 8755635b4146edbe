package folio.trainer.training;

/**
 * A schedule with a linear warm-up to a peak and a cosine decay to a fraction of the peak.
 *
 * @param peak the largest learning rate
 * @param warmupSteps the number of steps until the peak; 0 starts at the peak
 * @param totalSteps the number of steps of the complete run
 * @param finalFraction the final learning rate as a fraction of the peak, in [0, 1]; 1 stays at the
 *     peak
 * @see <a href="https://arxiv.org/abs/1608.03983">Loshchilov and Hutter</a>
 */
public record LearningRateSchedule(
    double peak, long warmupSteps, long totalSteps, double finalFraction) {

  /**
   * Returns the learning rate of a step.
   *
   * @param step the number of the step, from 0
   */
  public double at(long step) {
    if (step < warmupSteps) {
      return peak * (step + 1) / warmupSteps;
    }
    long decaying = Math.max(1, totalSteps - warmupSteps - 1);
    double progress = Math.min(1, (double) (step - warmupSteps) / decaying);
    double cosine = (1 + Math.cos(Math.PI * progress)) / 2;
    return peak * (finalFraction + (1 - finalFraction) * cosine);
  }
}
