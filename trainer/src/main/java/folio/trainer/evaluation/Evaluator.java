package folio.trainer.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.CrossEntropy;
import folio.model.network.HostCopy;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Measures the loss of a network on a text, on two protocols. Each scores every character but the
 * first of each stream or window exactly once, the tail included.
 */
public final class Evaluator {
  /**
   * 64 streams read the text side by side; state is carried from its first character to its last.
   */
  public static final String CARRIED = "carried-64";

  /** The text is cut into windows of 256 characters, each read from a zero state. */
  public static final String WINDOWS = "windows-256";

  private static final int STREAMS = 64;
  private static final int WINDOW = 256;
  private static final int CHUNK = 256;

  private final NDManager manager;
  private final int[] text;

  /**
   * An evaluator.
   *
   * @param manager scratch arrays are made below it, on the network's device
   * @param text ids, at least two
   */
  public Evaluator(NDManager manager, int[] text) {
    this.manager = manager;
    this.text = text;
  }

  /** The mean loss in nats a character, by protocol. */
  public Map<String, Double> evaluate(CharGru network) {
    Map<String, Double> losses = new LinkedHashMap<>();
    losses.put(CARRIED, carried(network));
    losses.put(WINDOWS, windows(network));
    return losses;
  }

  private double carried(CharGru network) {
    int streams = Math.min(STREAMS, text.length / 2);
    int length = text.length / streams;
    int longer = text.length % streams; // the first streams have one character more
    int[] starts = new int[streams];
    for (int i = 0; i < streams; i++) {
      starts[i] = i * length + Math.min(i, longer);
    }
    double sum = 0;
    try (NDManager kept = manager.newSubManager()) {
      NDArray state = network.zeroState(kept, streams);
      for (int from = 0; from < length - 1; from += CHUNK) {
        int steps = Math.min(CHUNK, length - 1 - from);
        Part part = score(network, starts, from, steps, state);
        sum += part.sumNats();
        state.close();
        state = part.state();
        state.attach(kept);
      }
      if (longer > 0) {
        NDArray first = state.get(new NDIndex(":, :{}", longer)).duplicate();
        first.attach(kept);
        int[] firstStarts = java.util.Arrays.copyOf(starts, longer);
        Part part = score(network, firstStarts, length - 1, 1, first);
        sum += part.sumNats();
        part.state().close();
      }
    }
    return sum / (text.length - streams);
  }

  private double windows(CharGru network) {
    int full = text.length / WINDOW;
    int tail = text.length % WINDOW;
    double sum = 0;
    int scored = 0;
    for (int window = 0; window < full; window += STREAMS) {
      int[] starts = new int[Math.min(STREAMS, full - window)];
      for (int i = 0; i < starts.length; i++) {
        starts[i] = (window + i) * WINDOW;
      }
      sum += fromZero(network, starts, WINDOW - 1);
      scored += starts.length * (WINDOW - 1);
    }
    if (tail > 1) {
      sum += fromZero(network, new int[] {full * WINDOW}, tail - 1);
      scored += tail - 1;
    }
    return sum / scored;
  }

  private double fromZero(CharGru network, int[] starts, int steps) {
    try (NDManager kept = manager.newSubManager()) {
      return score(network, starts, 0, steps, network.zeroState(kept, starts.length)).closed();
    }
  }

  /** Scores {@code steps} characters of every stream, from {@code from} after its start. */
  private Part score(CharGru network, int[] starts, int from, int steps, NDArray state) {
    long[] inputs = new long[starts.length * steps];
    long[] targets = new long[starts.length * steps];
    for (int row = 0; row < starts.length; row++) {
      for (int t = 0; t < steps; t++) {
        inputs[row * steps + t] = text[starts[row] + from + t];
        targets[row * steps + t] = text[starts[row] + from + t + 1];
      }
    }
    Shape shape = new Shape(starts.length, steps);
    try (NDManager scope = manager.newSubManager()) {
      CharGru.Output output = network.forward(scope.create(inputs, shape), state);
      NDArray losses = CrossEntropy.perCharacter(output.logits(), scope.create(targets, shape));
      double sum = HostCopy.number(losses.sum());
      output.state().attach(manager);
      return new Part(sum, output.state());
    }
  }

  private record Part(double sumNats, NDArray state) {
    double closed() {
      state.close();
      return sumNats;
    }
  }
}
