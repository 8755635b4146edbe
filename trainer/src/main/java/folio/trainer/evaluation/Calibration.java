package folio.trainer.evaluation;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.trainer.corpus.EncodedText;
import java.util.HashMap;
import java.util.Map;

/**
 * How sure a network is compared with how often it is right: the temperature by which its logits
 * would have to be divided for the lowest loss on a text. Above 1, the network is too sure.
 *
 * @param temperature the temperature, 0.67 to 1.49
 * @param loss the mean loss at this temperature in nats per character
 * @param lossAtOne the mean loss of the network as it is, on the same characters
 * @see <a href="https://arxiv.org/abs/1706.04599">Guo, Pleiss, Sun and Weinberger</a>
 */
public record Calibration(double temperature, double loss, double lossAtOne) {
  /** The largest number of windows that are read for each temperature. */
  private static final int WINDOWS = 128;

  /** The distance of the logarithms of two temperatures. */
  private static final double STEP = 0.1;

  /** The largest number of such steps from temperature 1. */
  private static final int MAX_STEPS = 4;

  /**
   * Measures a network on windows that lie evenly over a text, each read from a zero state.
   *
   * @param manager the parent of scratch arrays, on the network's device
   * @param text at least {@value Evaluator#WINDOW} characters
   */
  public static Calibration of(NDManager manager, CharGru network, EncodedText text) {
    return new Search(manager, network, text).run();
  }

  /** The descent from temperature 1 to the lowest loss. */
  private static final class Search {
    private final NDManager manager;
    private final CharGru network;
    private final EncodedText text;
    private final Map<Double, Double> losses = new HashMap<>();

    Search(NDManager manager, CharGru network, EncodedText text) {
      this.manager = manager;
      this.network = network;
      this.text = text;
    }

    /** Returns the loss at a temperature of {@code exp(STEP * steps)}. */
    private double loss(double steps) {
      return losses.computeIfAbsent(
          steps,
          at ->
              new Evaluator(manager, text, Math.exp(STEP * at))
                  .sample(network, (int) Math.min(WINDOWS, text.length() / Evaluator.WINDOW)));
    }

    Calibration run() {
      double steps = 0;
      while (Math.abs(steps) < MAX_STEPS
          && loss(steps) > Math.min(loss(steps - 1), loss(steps + 1))) {
        steps += loss(steps - 1) < loss(steps) ? -1 : 1;
      }
      if (Math.abs(steps) < MAX_STEPS) {
        double between = steps + lowestOfParabola(loss(steps - 1), loss(steps), loss(steps + 1));
        steps = loss(between) < loss(steps) ? between : steps;
      }
      return new Calibration(Math.exp(STEP * steps), loss(steps), loss(0));
    }

    /**
     * Returns where a parabola with values at -1, 0 and 1 is lowest; the middle one is smallest.
     */
    private static double lowestOfParabola(double below, double middle, double above) {
      double curvature = below - 2 * middle + above;
      return curvature > 0 ? (below - above) / (2 * curvature) : 0;
    }
  }
}
