package folio.trainer.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.CrossEntropy;
import folio.model.network.HostCopy;
import folio.trainer.corpus.EncodedText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.DoubleUnaryOperator;

/**
 * An evaluator that measures the loss of a network on a text by two protocols. An evaluation
 * protocol is a way to read the text; its name is the key of the loss in manifests and metrics.
 * Each protocol scores every character exactly once, except the first one of each stream or window.
 * A text of documents has one protocol, {@link #DOCUMENTS}; any other has both others.
 */
public final class Evaluator {
  /**
   * The protocol in which 64 parallel streams read the text, each with a state that is carried from
   * its first character to its last.
   */
  public static final String CARRIED = "carried-64";

  /** The protocol in which each window of 256 characters is read from a zero state. */
  public static final String WINDOWS = "windows-256";

  /**
   * The protocol in which each document is read from a zero state. Every character is scored, the
   * first one and the separator included.
   */
  public static final String DOCUMENTS = "documents";

  /** The number of documents that are arranged by length, so that little is padded. */
  private static final int ARRANGED = 4096;

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
  private final EvaluationProgress progress;
  private final Consumer<DoubleUnaryOperator> observer;
  private long read;

  /**
   * Creates an evaluator.
   *
   * @param manager the parent of scratch arrays, on the network's device
   * @param text at least two characters
   */
  public Evaluator(NDManager manager, EncodedText text) {
    this(manager, text, EvaluationProgress.NONE);
  }

  /**
   * Creates an evaluator that reports its progress.
   *
   * @param manager the parent of scratch arrays, on the network's device
   * @param text at least two characters
   * @param progress receives the number of characters that were read so far; it may end the
   *     evaluation by an exception
   */
  public Evaluator(NDManager manager, EncodedText text, EvaluationProgress progress) {
    this(manager, text, progress, sumAt -> {});
  }

  /**
   * Creates an evaluator that also scores at other temperatures.
   *
   * @param observer receives, for each forward pass, the function from a temperature, by which the
   *     logits are divided, to the summed loss
   */
  Evaluator(NDManager manager, EncodedText text, Consumer<DoubleUnaryOperator> observer) {
    this(manager, text, EvaluationProgress.NONE, observer);
  }

  private Evaluator(
      NDManager manager,
      EncodedText text,
      EvaluationProgress progress,
      Consumer<DoubleUnaryOperator> observer) {
    this.manager = manager;
    this.text = text;
    this.progress = progress;
    this.observer = observer;
  }

  /** Returns the number of characters that {@link #evaluate} reads: each protocol reads all. */
  public long characters() {
    return text.length() * (text.hasDocuments() ? 1 : 2);
  }

  /** Returns the mean loss over the whole text in nats per character, by protocol. */
  public Map<String, Double> evaluate(CharGru network) {
    Map<String, Double> losses = new LinkedHashMap<>();
    read = 0;
    if (text.hasDocuments()) {
      losses.put(DOCUMENTS, documents(network));
      return losses;
    }
    losses.put(CARRIED, carried(network, (int) Math.min(STREAMS, text.length() / 2)));
    losses.put(WINDOWS, windows(network));
    return losses;
  }

  /** Returns the number of complete windows of the text. */
  public long windows() {
    return text.length() / WINDOW;
  }

  /** Returns the name of the protocol by which checkpoints are selected and compared. */
  public String protocol() {
    return protocol(text.hasDocuments());
  }

  /** Returns the name of the protocol by which checkpoints of such a text are compared. */
  public static String protocol(boolean documents) {
    return documents ? DOCUMENTS : WINDOWS;
  }

  /** Returns the name of the protocol of {@link #sample}. */
  public String sampleProtocol(int windows) {
    return protocol() + "-sample-" + windows;
  }

  /**
   * Returns the mean loss in nats per character of some windows, which lie evenly over the text:
   * {@link #protocol} on a sample that is the same every time. Of a text of documents, a window
   * begins with a document.
   *
   * @param windows the number of windows, 1 to {@link #windows()}
   */
  public double sample(CharGru network, int windows) {
    List<Span> spans = new ArrayList<>();
    for (long i = 0; i < windows; i++) {
      long start = i * windows() / windows * WINDOW;
      if (text.hasDocuments()) {
        DocumentSpans documents = new DocumentSpans(text, start, WINDOW);
        while (documents.hasNext()) {
          spans.add(documents.next());
        }
      } else {
        spans.add(new Span(start, WINDOW - 1));
      }
    }
    return fromZero(network, spans) / spans.stream().mapToLong(Span::length).sum();
  }

  private double documents(CharGru network) {
    DocumentSpans documents = new DocumentSpans(text, 0, text.length());
    double sum = 0;
    while (documents.hasNext()) {
      List<Span> some = new ArrayList<>();
      while (documents.hasNext() && some.size() < ARRANGED) {
        some.add(documents.next());
      }
      sum += fromZero(network, some);
    }
    return sum / (text.length() - 1);
  }

  /** Returns the number of characters whose logits are computed at once. */
  private static int charactersAtOnce(CharGru network) {
    return Math.max(1, MAX_LOGITS / network.config().vocabularySize());
  }

  /**
   * Returns the mean loss of a single stream from the first character to the last, in nats per
   * character. Of a text of documents, each is read from a zero state.
   */
  public double inOneStream(CharGru network) {
    return text.hasDocuments() ? documents(network) : carried(network, 1);
  }

  private double carried(CharGru network, int streams) {
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
        Score part = score(network, spans(starts, length - 1), from, steps, state);
        sum += part.sumNats();
        state.close();
        state = part.state();
        state.attach(states);
      }
      if (longer > 0) {
        NDArray first = state.get(new NDIndex(":, :{}", longer)).duplicate();
        first.attach(states);
        long[] firstStarts = Arrays.copyOf(starts, longer);
        Score part = score(network, spans(firstStarts, length), length - 1, 1, first);
        sum += part.sumNats();
        part.state().close();
      }
    }
    return sum / (text.length() - streams);
  }

  private double windows(CharGru network) {
    double sum = 0;
    for (long window = 0; window < windows(); window += STREAMS) {
      List<Span> spans = new ArrayList<>();
      for (long i = window; i < Math.min(window + STREAMS, windows()); i++) {
        spans.add(new Span(i * WINDOW, WINDOW - 1));
      }
      sum += fromZero(network, spans);
    }
    long scored = windows() * (WINDOW - 1);
    int tail = (int) (text.length() % WINDOW);
    if (tail > 1) {
      sum += fromZero(network, List.of(new Span(windows() * WINDOW, tail - 1)));
      scored += tail - 1;
    }
    return sum / scored;
  }

  /** Returns the summed loss of spans, each of which is read from a zero state. */
  private double fromZero(CharGru network, List<Span> spans) {
    List<Span> byLength = new ArrayList<>(spans);
    byLength.sort(Comparator.comparingLong(Span::length).reversed());
    int rows = Math.max(1, Math.min(STREAMS, charactersAtOnce(network) / CHUNK));
    double sum = 0;
    for (int from = 0; from < byLength.size(); from += rows) {
      sum += together(network, byLength.subList(from, Math.min(byLength.size(), from + rows)));
    }
    return sum;
  }

  /** Returns the summed loss of spans that are read in parallel, the longest one first. */
  private double together(CharGru network, List<Span> spans) {
    double sum = 0;
    int rows = spans.size();
    try (NDManager states = manager.newSubManager()) {
      NDArray state = network.zeroState(states, rows);
      for (long from = 0; rows > 0; from += CHUNK) {
        long begin = from;
        int steps = (int) Math.min(CHUNK, spans.get(0).length() - from);
        Score part = score(network, spans.subList(0, rows), from, steps, state);
        sum += part.sumNats();
        while (rows > 0 && spans.get(rows - 1).length() <= begin + CHUNK) {
          rows--; // shorter spans come last
        }
        NDArray next = part.state();
        if (rows > 0 && rows < next.getShape().get(1)) {
          NDArray remaining = next.get(new NDIndex(":, :{}", rows)).duplicate();
          next.close();
          next = remaining;
        }
        state.close();
        state = next;
        state.attach(states);
      }
    }
    return sum;
  }

  private static List<Span> spans(long[] starts, long length) {
    return Arrays.stream(starts).mapToObj(start -> new Span(start, length)).toList();
  }

  /**
   * Scores up to {@code steps} characters of every span. The first input is the character {@code
   * from} places after the span's start. A shorter span is padded; its padding has no loss.
   */
  private Score score(CharGru network, List<Span> spans, long from, int steps, NDArray state) {
    long[] inputs = new long[spans.size() * steps];
    long[] targets = new long[spans.size() * steps];
    float[] weights = new float[spans.size() * steps];
    int scored = 0;
    for (int row = 0; row < spans.size(); row++) {
      Span span = spans.get(row);
      int length = (int) Math.min(steps, span.length() - from);
      scored += length;
      for (int t = 0; t < length; t++) {
        inputs[row * steps + t] = text.id(span.start() + from + t);
        targets[row * steps + t] = text.id(span.start() + from + t + 1);
        weights[row * steps + t] = 1;
      }
    }
    Shape shape = new Shape(spans.size(), steps);
    try (NDManager scope = manager.newSubManager()) {
      CharGru.Output output = network.forward(scope.create(inputs, shape), state);
      NDArray expected = scope.create(targets, shape);
      NDArray counted = scope.create(weights);
      observer.accept(temperature -> sum(output.logits().div(temperature), expected, counted));
      double sum = sum(output.logits(), expected, counted);
      read += scored;
      progress.read(read, characters());
      output.state().attach(manager);
      return new Score(sum, output.state());
    }
  }

  /**
   * Returns the summed loss in nats of characters with weights of 1; those with 0 are padding.
   *
   * @param weights float32 {@code [B * T]}
   */
  private static double sum(NDArray logits, NDArray targets, NDArray weights) {
    return HostCopy.number(CrossEntropy.perCharacter(logits, targets).mul(weights).sum());
  }

  private record Score(double sumNats, NDArray state) {}
}
