package folio.model.checkpoint;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.CrossEntropy;
import folio.model.network.HostCopy;
import folio.model.vocabulary.Vocabulary;
import java.util.Arrays;
import java.util.Map;

/**
 * A short text and the loss that the publisher measured on it. A loader that measures a different
 * loss has different weights, a different vocabulary or a different network.
 *
 * @param text at least two characters, all in the vocabulary
 * @param lossNats mean loss in nats of all characters except the first, from a zero state
 * @param toleranceNats the largest accepted difference in nats, keyed by {@code <dtype>-<device>}
 *     of the computation
 */
public record Canary(String text, double lossNats, Map<String, Double> toleranceNats) {
  /** The tolerances that a new canary gets. */
  private static final Map<String, Double> TOLERANCE_NATS =
      // cuDNN multiplies in TF32 by default: ten bits of mantissa.
      Map.of("float32-cpu", 1e-3, "float32-cuda", 1e-2, "float16-cuda", 2e-2);

  /** The largest number of code points in a canary's text. */
  static final int MAX_TEXT_LENGTH = 256;

  /**
   * Measures the loss of a text and returns it with the text as a canary.
   *
   * @param manager the parent of scratch arrays, on the network's device
   * @param text the text; only its first 256 code points are used
   */
  static Canary measure(NDManager manager, CharGru network, Vocabulary vocabulary, String text) {
    int length = Math.min(MAX_TEXT_LENGTH, text.codePointCount(0, text.length()));
    String start = text.substring(0, text.offsetByCodePoints(0, length));
    return new Canary(start, lossNats(manager, network, vocabulary, start), TOLERANCE_NATS);
  }

  /**
   * Computes the loss of the text with a network and compares it with {@link #lossNats}.
   *
   * @param manager the parent of scratch arrays, on the network's device
   * @throws CheckpointException if the loss is not finite or differs by more than the tolerance
   */
  public void check(NDManager manager, CharGru network, Vocabulary vocabulary) {
    String key =
        "float32-" + (manager.getDevice().getDeviceType().equals(Device.Type.GPU) ? "cuda" : "cpu");
    Double tolerance = toleranceNats.get(key);
    if (tolerance == null) {
      throw new CheckpointException("manifest.json: canary has no tolerance for " + key);
    }
    double measured = lossNats(manager, network, vocabulary, text);
    if (!(Math.abs(measured - lossNats) <= tolerance)) {
      throw new CheckpointException(
          "canary: the measured loss of its text is "
              + measured
              + " nats; on "
              + key
              + " it must be within "
              + tolerance
              + " of the "
              + lossNats
              + " in manifest.json");
    }
  }

  private static double lossNats(
      NDManager manager, CharGru network, Vocabulary vocabulary, String text) {
    long[] ids = Arrays.stream(vocabulary.encode(text)).asLongStream().toArray();
    if (ids.length < 2) {
      throw new CheckpointException("canary: its text needs at least two characters");
    }
    Shape shape = new Shape(1, ids.length - 1L);
    try (NDManager scope = manager.newSubManager()) {
      NDArray inputs = scope.create(Arrays.copyOf(ids, ids.length - 1), shape);
      NDArray targets = scope.create(Arrays.copyOfRange(ids, 1, ids.length), shape);
      NDArray logits = network.forward(inputs, network.zeroState(scope, 1)).logits();
      return HostCopy.number(CrossEntropy.perCharacter(logits, targets).mean());
    }
  }
}
