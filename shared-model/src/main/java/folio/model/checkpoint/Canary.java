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
 * A short text with the loss its publisher measured: a loader that measures another loss has other
 * weights, another vocabulary or another idea of the network.
 *
 * @param text at least two characters, all in the vocabulary
 * @param lossNats mean loss of all characters but the first, from a zero state
 * @param toleranceNats largest accepted difference, by {@code <dtype>-<device>} of the computation
 */
public record Canary(String text, double lossNats, Map<String, Double> toleranceNats) {
  private static final Map<String, Double> TOLERANCE_NATS =
      // cuDNN multiplies in TF32 by default: ten bits of mantissa.
      Map.of("float32-cpu", 1e-3, "float32-cuda", 1e-2, "float16-cuda", 2e-2);

  private static final int LONGEST_TEXT = 256;

  /**
   * Measures a canary.
   *
   * @param manager scratch arrays are made below it, on the network's device
   * @param text cut to its first 256 code points
   */
  static Canary measure(NDManager manager, CharGru network, Vocabulary vocabulary, String text) {
    int length = Math.min(LONGEST_TEXT, text.codePointCount(0, text.length()));
    String start = text.substring(0, text.offsetByCodePoints(0, length));
    return new Canary(start, lossNats(manager, network, vocabulary, start), TOLERANCE_NATS);
  }

  /**
   * Runs the text through a network and compares.
   *
   * @param manager scratch arrays are made below it, on the network's device
   * @throws CheckpointException if the loss is not finite or not within the tolerance
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
          "canary: the loss of its text is "
              + measured
              + " nats here, "
              + lossNats
              + " in manifest.json; "
              + tolerance
              + " apart is accepted on "
              + key);
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
