package folio.trainer.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.CrossEntropy;
import folio.model.network.HostCopy;
import folio.trainer.corpus.EncodedText;
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
  public static final int WINDOW = 256;

  /** The largest number of characters per stream in a forward pass; it does not affect the loss. */
  private static final int CHUNK = 256;

  /** The largest number of logits in a forward pass: 256 MiB, which a wide vocabulary reaches. */
  private static final int MAX_LOGITS = 1 << 26;

  private final NDManager manager;
  private final EncodedText text;

  /**
   * Creates an evaluator.
   *
   * @param manager the parent of scratch arrays, on the network's device
   * @param text at least two characters
   */
  public Evaluator(NDManager manager, EncodedText text) {
    this.manager = manager;
    this.text = text;
  }

  /** Returns the mean loss over the whole text in nats per character, by protocol. */
  public Map<String, Double> evaluate(CharGru network) {
    Map<String, Double> losses = new LinkedHashMap<>();
    losses.put(CARRIED, carried(network));
    losses.put(WINDOWS, windows(network));
    return losses;
  }

  /** Returns the number of complete windows of the text. */
  public long windows() {
    return text.length() / WINDOW;
  }

  /** Returns the name of the protocol of {@link #sample}. */
  public static String sampleProtocol(int windows) {
    return WINDOWS + "-sample-" + windows;
  }

  /**
   * Returns the mean loss in nats per character of some windows, which lie evenly over the text:
   * protocol {@link #WINDOWS} on a sample that is the same every time.
   *
   * @param windows the number of windows, 1 to {@link #windows()}
   */
  public double sample(CharGru network, int windows) {
    long[] starts = new long[windows];
    Arrays.setAll(starts, i -> i * windows() / windows * WINDOW);
    return fromZero(network, starts) / ((double) windows * (WINDOW - 1));
  }

  /** Returns the number of characters whose logits are computed at once. */
  private static int charactersAtOnce(CharGru network) {
    return Math.max(1, MAX_LOGITS / network.config().vocabularySize());
  }

  private double carried(CharGru network) {
    int streams = (int) Math.min(STREAMS, text.length() / 2);
    long length = text.length() / streams;
    int longer = (int) (text.length() % streams); // the first streams have one more character
    long[] starts = new long[streams];
    Arrays.setAll(starts, i -> i * length + Math.min(i, longer));
    int chunk = Math.max(1, Math.min(CHUNK, charactersAtOnce(network) / streams));
    double sum = 0;
    try (NDManager states = manager.newSubManager()) {
      NDArray state = network.zeroState(states, streams);
      for (long from = 0; from < length - 1; from += chunk) {
        int steps = (int) Math.min(chunk, length - 1 - from);
        Score part = score(network, starts, from, steps, state);
        sum += part.sumNats();
        state.close();
        state = part.state();
        state.attach(states);
      }
      if (longer > 0) {
        NDArray first = state.get(new NDIndex(":, :{}", longer)).duplicate();
        first.attach(states);
        long[] firstStarts = Arrays.copyOf(starts, longer);
        Score part = score(network, firstStarts, length - 1, 1, first);
        sum += part.sumNats();
        part.state().close();
      }
    }
    return sum / (text.length() - streams);
  }

  private double windows(CharGru network) {
    double sum = 0;
    for (long window = 0; window < windows(); window += STREAMS) {
      long[] starts = new long[(int) Math.min(STREAMS, windows() - window)];
      long first = window;
      Arrays.setAll(starts, i -> (first + i) * WINDOW);
      sum += fromZero(network, starts);
    }
    long scored = windows() * (WINDOW - 1);
    int tail = (int) (text.length() % WINDOW);
    if (tail > 1) {
      sum += fromZero(network, new long[] {windows() * WINDOW}, tail - 1);
      scored += tail - 1;
    }
    return sum / scored;
  }

  /** Returns the summed loss of windows, each of which is read from a zero state. */
  private double fromZero(CharGru network, long[] starts) {
    int rows = Math.max(1, Math.min(STREAMS, charactersAtOnce(network) / (WINDOW - 1)));
    double sum = 0;
    for (int from = 0; from < starts.length; from += rows) {
      int to = Math.min(starts.length, from + rows);
      sum += fromZero(network, Arrays.copyOfRange(starts, from, to), WINDOW - 1);
    }
    return sum;
  }

  private double fromZero(CharGru network, long[] starts, int steps) {
    try (NDManager states = manager.newSubManager()) {
      return score(network, starts, 0, steps, network.zeroState(states, starts.length))
          .closeState();
    }
  }

  /**
   * Scores {@code steps} characters of every stream. The first input is the character {@code from}
   * places after the stream's start.
   */
  private Score score(CharGru network, long[] starts, long from, int steps, NDArray state) {
    long[] inputs = new long[starts.length * steps];
    long[] targets = new long[starts.length * steps];
    for (int row = 0; row < starts.length; row++) {
      for (int t = 0; t < steps; t++) {
        inputs[row * steps + t] = text.id(starts[row] + from + t);
        targets[row * steps + t] = text.id(starts[row] + from + t + 1);
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
