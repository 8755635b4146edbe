package folio.trainer.run;

import java.util.Locale;
import java.util.Optional;

/**
 * Notices that a network overfits: its validation loss rises for several evaluations while its
 * training loss falls. Owned by the training thread.
 */
final class OverfitDetector {
  /** The number of evaluations in a row that must show it. */
  private static final int EVALUATIONS = 2;

  /** The relative rise of the validation loss that counts. */
  private static final double RISE = 0.005;

  private double bestLoss = Double.POSITIVE_INFINITY;
  private double trainingAtBest;
  private long bestStep;
  private int rising;
  private boolean reported;

  /**
   * Records an evaluation, and returns a sentence for the user once the network overfits. It is
   * returned only once.
   *
   * @param training the mean training loss since the evaluation before, in nats; null if unknown
   * @param loss the selection loss in nats; null if nothing was measured
   */
  Optional<String> evaluated(long step, Double training, Double loss) {
    if (training == null || loss == null) {
      return Optional.empty();
    }
    if (loss < bestLoss) {
      bestLoss = loss;
      trainingAtBest = training;
      bestStep = step;
      rising = 0;
      return Optional.empty();
    }
    boolean overfits = loss > bestLoss * (1 + RISE) && training < trainingAtBest;
    rising = overfits ? rising + 1 : 0;
    if (rising < EVALUATIONS || reported) {
      return Optional.empty();
    }
    reported = true;
    return Optional.of(
        String.format(
            Locale.ROOT,
            "the network overfits since step %d: its validation loss rose from %.4f to %.4f nats"
                + " while its training loss fell from %.4f to %.4f. More text helps, or a higher"
                + " --output-dropout, a smaller --hidden-size or a shorter run; --patience ends one",
            bestStep,
            bestLoss,
            loss,
            trainingAtBest,
            training));
  }
}
