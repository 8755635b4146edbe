package folio.trainer.evaluation;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.trainer.corpus.EncodedText;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

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
  /** The setting of a checkpoint whose logits have been divided: by what, since the training. */
  public static final String TEMPERATURE_SETTING = "calibrated-temperature";

  /** The largest number of windows that are read. */
  private static final int WINDOWS = 128;

  /** The distance of the logarithms of two temperatures. */
  private static final double STEP = 0.1;

  /** The number of temperatures above 1, and of those below. */
  private static final int STEPS = 4;

  /**
   * Measures a network on windows that lie evenly over a text, each read once from a zero state.
   *
   * @param manager the parent of scratch arrays, on the network's device
   * @param text at least {@value Evaluator#WINDOW} characters
   */
  public static Calibration of(NDManager manager, CharGru network, EncodedText text) {
    double[] sums = new double[2 * STEPS + 1];
    Evaluator evaluator =
        new Evaluator(
            manager,
            text,
            sumAt -> {
              for (int i = 0; i < sums.length; i++) {
                sums[i] += sumAt.applyAsDouble(temperature(i));
              }
            });
    double lossAtOne =
        evaluator.sample(network, (int) Math.min(WINDOWS, text.length() / Evaluator.WINDOW));
    double perSum = lossAtOne / sums[STEPS];
    int best =
        IntStream.range(0, sums.length).reduce((i, j) -> sums[j] < sums[i] ? j : i).orElseThrow();
    if (best == 0 || best == sums.length - 1) {
      return new Calibration(temperature(best), sums[best] * perSum, lossAtOne);
    }
    // Three losses lie on a parabola, whose lowest point is near the middle one.
    double slope = (sums[best + 1] - sums[best - 1]) / 2;
    double curvature = sums[best - 1] - 2 * sums[best] + sums[best + 1];
    double offset = curvature > 0 ? -slope / curvature : 0;
    double lowest = sums[best] + slope * offset / 2;
    return new Calibration(temperature(best + offset), lowest * perSum, lossAtOne);
  }

  private static double temperature(double index) {
    return Math.exp(STEP * (index - STEPS));
  }

  /**
   * Returns whether the logits of a network can be divided by changing its weights. They cannot be
   * if the output layer is the embedding.
   */
  public static boolean canDivideLogits(CharGruConfig network) {
    return !network.tied() || network.projectionSize() != null;
  }

  /**
   * Returns settings of a checkpoint with the temperature by which its logits have been divided,
   * once more or for the first time.
   */
  public static Map<String, String> dividedBy(double temperature, Map<String, String> settings) {
    Map<String, String> all = new TreeMap<>(settings);
    double before = Double.parseDouble(all.getOrDefault(TEMPERATURE_SETTING, "1"));
    all.put(TEMPERATURE_SETTING, String.format(Locale.ROOT, "%.4f", before * temperature));
    return all;
  }

  /**
   * Returns a copy of a network whose logits are divided by a temperature.
   *
   * @param owner the owner of the copy, on the network's device; the caller closes the copy
   * @param temperature the divisor, above 0
   * @throws IllegalArgumentException if the output layer is the embedding
   */
  public static CharGru divideLogits(NDManager owner, CharGru network, double temperature) {
    CharGruConfig config = network.config();
    if (!canDivideLogits(config)) {
      throw new IllegalArgumentException(
          "the network is tied and has no projection, so that its output layer is its embedding;"
              + " its logits can only be divided by 1");
    }
    Set<String> divided =
        Set.of(config.tied() ? "projection.weight" : "linear.weight", "linear.bias");
    return network.withTensors(
        owner, tensor -> divided.contains(tensor.getName()) ? tensor.div(temperature) : tensor);
  }
}
