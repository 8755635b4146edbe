package folio.trainer.adaptation;

import java.util.Comparator;
import java.util.List;

/**
 * The loss of a text that a network read while it learned from it.
 *
 * @param speed how fast the network learned
 * @param nats the mean loss in nats per character; infinite if a loss was not finite
 */
public record SpeedLoss(Speed speed, double nats) {
  /**
   * Returns the lowest loss with its speed; the first one of several.
   *
   * @param compared at least one
   */
  public static SpeedLoss best(List<SpeedLoss> compared) {
    return compared.stream().min(Comparator.comparingDouble(SpeedLoss::nats)).orElseThrow();
  }
}
