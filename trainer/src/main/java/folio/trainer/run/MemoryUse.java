package folio.trainer.run;

import folio.model.network.CharGruConfig;
import folio.trainer.corpus.Corpus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An estimate of the memory that a run takes for its large arrays, by their kind. It explains why
 * memory ran out.
 */
public final class MemoryUse {
  /** The logits and the logarithms of the probabilities, which become the gradient. */
  private static final int ARRAYS_OF_LOGITS = 2;

  /** Per unit and character: gates, states, inputs and outputs, and the gradients of some. */
  private static final int ARRAYS_OF_UNITS = 10;

  /** Weights, their average, their gradients and two moments. */
  private static final int ARRAYS_OF_WEIGHTS = 5;

  /** The saved state lacks the gradients; while it is written, the heap holds it twice. */
  private static final int ARRAYS_ON_HEAP = 2 * (ARRAYS_OF_WEIGHTS - 1);

  private static final double MB = 1e6;
  private static final double GB = 1e9;

  private final List<Part> parts;
  private final long heapBytes;

  private record Part(long bytes, String what) {
    @Override
    public String toString() {
      return size(bytes) + " for " + what;
    }
  }

  private MemoryUse(List<Part> parts, long heapBytes) {
    this.parts = parts;
    this.heapBytes = heapBytes;
  }

  /** Returns the estimate for a run. */
  public static MemoryUse of(TrainingConfig config, Corpus corpus) {
    CharGruConfig network = config.networkFor(corpus.vocabulary().size());
    long characters = config.charactersPerStep();
    long weights = network.parameterCount() * Float.BYTES;
    List<Part> parts = new ArrayList<>();
    parts.add(
        new Part(
            ARRAYS_OF_LOGITS * Float.BYTES * characters * network.vocabularySize(),
            String.format(
                "the logits (--batch x --length x %,d characters of the vocabulary)",
                network.vocabularySize())));
    parts.add(
        new Part(
            ARRAYS_OF_UNITS * Float.BYTES * characters * network.layers() * network.hiddenSize(),
            "the layers (--batch x --length x --layers x --hidden-size)"));
    parts.add(
        new Part(
            ARRAYS_OF_WEIGHTS * weights,
            String.format(
                "the weights and the optimizer (%,d parameters)", network.parameterCount())));
    parts.add(new Part(corpus.bytes(), "the text"));
    parts.sort(Comparator.comparingLong(Part::bytes).reversed());
    return new MemoryUse(parts, ARRAYS_ON_HEAP * weights);
  }

  /** Returns an exception that says what takes the memory, for an error when it ran out. */
  public OutOfMemoryException explain(Throwable error) {
    long total = parts.stream().mapToLong(Part::bytes).sum();
    String use =
        String.format(
            "memory ran out. The run takes about %s: %s",
            size(total), parts.stream().map(Part::toString).collect(Collectors.joining(", ")));
    long heap = Runtime.getRuntime().maxMemory();
    String advice =
        error instanceof OutOfMemoryError
            ? String.format(
                ". Java's heap has %s and needs about %s to save the state: give it more with -Xmx",
                size(heap), size(heapBytes))
            : "; lower the options of the largest";
    return new OutOfMemoryException(use + advice, error);
  }

  private static String size(long bytes) {
    return bytes < GB
        ? String.format("%.0f MB", Math.max(1, bytes / MB))
        : String.format("%.1f GB", bytes / GB);
  }
}
