package folio.trainer.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.CrossEntropy;
import folio.model.network.HostCopy;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An evaluator that measures the loss of a network on a text by two protocols. An evaluation
 * protocol is a way to read the text; its name is the key of the loss in manifests and metrics.
 * Each protocol scores every character exactly once, except the first one of each stream or window.
 */
public final class Evaluator {
  /**
   * The protocol in which 64 parallel streams read the text, each with a state that is carried from
   * its first character to its last.
   */
  public static final String CARRIED = "carried-64";

  /** The protocol in which each window of 256 characters is read from a zero state. */
  public static final String WINDOWS = "windows-256";

  /** The largest number of streams, or of windows per forward pass. */
  private static final int STREAMS = 64;

  /** The length of a window in characters. */
  private static final int WINDOW = 256;

  /** The number of characters per stream in a forward pass; it does not affect the loss. */
  private static final int CHUNK = 256;

  private final NDManager manager;
  private final int[] text;

  /**
   * Creates an evaluator.
   *
   * @param manager the parent of scratch arrays, on the network's device
   * @param text the ids of at least two characters
   */
  public Evaluator(NDManager manager, int[] text) {
    this.manager = manager;
    this.text = text;
  }

  /** Returns the mean loss in nats per character, by protocol. */
  public Map<String, Double> evaluate(CharGru network) {
    Map<String, Double> losses = new LinkedHashMap<>();
    losses.put(CARRIED, carried(network));
    losses.put(WINDOWS, windows(network));
    return losses;
  }

  private double carried(CharGru network) {
    int streams = Math.min(STREAMS, text.length / 2);
    int length = text.length / streams;
    int longer = text.length % streams; // the first streams have one more character
    int[] starts = new int[streams];
    for (int i = 0; i < streams; i++) {
      starts[i] = i * length + Math.min(i, longer);
    }
    double sum = 0;
    try (NDManager states = manager.newSubManager()) {
      NDArray state = network.zeroState(states, streams);
      for (int from = 0; from < length - 1; from += CHUNK) {
        int steps = Math.min(CHUNK, length - 1 - from);
        Score part = score(network, starts, from, steps, state);
        sum += part.sumNats();
        state.close();
        state = part.state();
        state.attach(states);
      }
      if (longer > 0) {
        NDArray first = state.get(new NDIndex(":, :{}", longer)).duplicate();
        first.attach(states);
        int[] firstStarts = Arrays.copyOf(starts, longer);
        Score part = score(network, firstStarts, length - 1, 1, first);
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
    try (NDManager states = manager.newSubManager()) {
      return score(network, starts, 0, steps, network.zeroState(states, starts.length))
          .closeState();
    }
  }

  /**
   * Scores {@code steps} characters of every stream. The first input is the character {@code from}
   * places after the stream's start.
   */
  private Score score(CharGru network, int[] starts, int from, int steps, NDArray state) {
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
      return new Score(sum, output.state());
    }
  }

  private record Score(double sumNats, NDArray state) {
    /** Closes the state and returns the loss. */
    double closeState() {
      state.close();
      return sumNats;
    }
  }
}
