package folio.trainer.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.HostCopy;
import folio.model.sampling.Sampler;
import folio.model.sampling.SamplingParameters;
import folio.model.sampling.SeededRandom;
import folio.model.vocabulary.Vocabulary;
import java.util.BitSet;
import java.util.function.IntConsumer;

/**
 * Writes text with a network, offline. The same checkpoint, prompt, parameters and seed give what
 * the service gives, up to rounding between batch sizes.
 */
public final class TextGenerator {
  private final NDManager manager;
  private final CharGru network;
  private final Vocabulary vocabulary;

  /**
   * A generator.
   *
   * @param manager scratch arrays are made below it, on the network's device
   */
  public TextGenerator(NDManager manager, CharGru network, Vocabulary vocabulary) {
    this.manager = manager;
    this.network = network;
    this.vocabulary = vocabulary;
  }

  /**
   * What to write.
   *
   * @param prompt ids to go on from; not empty
   * @param characters how many to write
   * @param seed decides every draw
   */
  public record Request(int[] prompt, int characters, SamplingParameters parameters, long seed) {}

  /**
   * Writes.
   *
   * @param sink receives each code point as soon as it is drawn
   */
  public void generate(Request request, IntConsumer sink) {
    run(request, 1, (row, id) -> sink.accept(vocabulary.codePoint(id)));
  }

  /**
   * Writes several texts at once.
   *
   * @param rows how many; the seeds of the following ones count on from the first one's
   * @return their ids, {@code [rows][characters]}
   */
  public int[][] generateRows(Request request, int rows) {
    int[][] texts = new int[rows][request.characters()];
    int[] written = new int[rows];
    run(request, rows, (row, id) -> texts[row][written[row]++] = id);
    return texts;
  }

  private interface Sink {
    void accept(int row, int id);
  }

  private void run(Request request, int rows, Sink sink) {
    int size = vocabulary.size();
    Sampler sampler = new Sampler(size);
    BitSet[] seen = new BitSet[rows];
    int length = request.prompt().length;
    long[] ids = new long[rows * length];
    for (int row = 0; row < rows; row++) {
      seen[row] = new BitSet(size);
      for (int i = 0; i < length; i++) {
        ids[row * length + i] = request.prompt()[i];
        seen[row].set(request.prompt()[i]);
      }
    }
    try (NDManager kept = manager.newSubManager()) {
      NDArray state = network.zeroState(kept, rows);
      for (int position = 0; position < request.characters(); position++) {
        try (NDManager scope = kept.newSubManager()) {
          NDArray input = scope.create(ids, new Shape(rows, ids.length / rows));
          CharGru.Output output = network.forward(input, state);
          NDArray last = output.logits().get(":, -1");
          last.attach(scope);
          float[] logits = HostCopy.floats(last);
          ids = new long[rows];
          for (int row = 0; row < rows; row++) {
            double uniform = SeededRandom.uniform(request.seed() + row, position);
            int id = sampler.sample(logits, row * size, seen[row], request.parameters(), uniform);
            sink.accept(row, id);
            seen[row].set(id);
            ids[row] = id;
          }
          state.close();
          state = output.state();
          state.attach(kept);
        }
      }
    }
  }

  /** As {@link #generate(Request, IntConsumer)}, all at once. */
  public String generate(Request request) {
    StringBuilder text = new StringBuilder();
    generate(request, text::appendCodePoint);
    return text.toString();
  }

  /** The prompt of an empty one: a line break where the vocabulary has it, as the service does. */
  public int[] promptOrDefault(String prompt) {
    return prompt.isEmpty()
        ? new int[] {Math.max(0, vocabulary.id('\n'))}
        : vocabulary.encode(prompt);
  }
}
