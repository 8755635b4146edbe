package folio.trainer.report;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.sampling.Sampler;
import folio.model.sampling.SamplingParameters;
import folio.model.sampling.SeededRandom;
import folio.model.vocabulary.Vocabulary;
import java.util.BitSet;
import java.util.function.IntConsumer;

/**
 * Writes text with a network, one row, offline. The same checkpoint, prompt, parameters and seed
 * give what the service gives, up to rounding between batch sizes.
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
    Sampler sampler = new Sampler(vocabulary.size());
    BitSet seen = new BitSet(vocabulary.size());
    long[] ids = new long[request.prompt().length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = request.prompt()[i];
      seen.set(request.prompt()[i]);
    }
    try (NDManager kept = manager.newSubManager()) {
      NDArray state = network.zeroState(kept, 1);
      for (int position = 0; position < request.characters(); position++) {
        try (NDManager scope = kept.newSubManager()) {
          NDArray input = scope.create(ids, new Shape(1, ids.length));
          CharGru.Output output = network.forward(input, state);
          NDArray last = output.logits().get(0).get(ids.length - 1L);
          last.attach(scope);
          double uniform = SeededRandom.uniform(request.seed(), position);
          int id = sampler.sample(last.toFloatArray(), 0, seen, request.parameters(), uniform);
          sink.accept(vocabulary.codePoint(id));
          seen.set(id);
          ids = new long[] {id};
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
