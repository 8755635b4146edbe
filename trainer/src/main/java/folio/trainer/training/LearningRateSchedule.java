package folio.trainer.training;

/**
 * Linear warm-up to a peak, then a cosine down to a part of it.
 *
 * @param peak the largest learning rate
 * @param warmupSteps steps until the peak; 0 begins there
 * @param totalSteps steps of the whole run
 * @param finalFraction what is left of the peak at the end, in [0, 1]; 1 stays at the peak
 * @see <a href="https://arxiv.org/abs/1608.03983">Loshchilov and Hutter</a>
 */
public record LearningRateSchedule(
    double peak, long warmupSteps, long totalSteps, double finalFraction) {

  /**
   * The learning rate of a step.
   *
   * @param step from 0
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
