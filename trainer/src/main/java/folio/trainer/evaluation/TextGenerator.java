package folio.trainer.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.HostCopy;
import folio.model.sampling.Sampler;
import folio.model.sampling.SamplingParameters;
import folio.model.sampling.SeededRandom;
import folio.model.vocabulary.UnknownCharacters;
import folio.model.vocabulary.Vocabulary;
import java.util.BitSet;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;

/**
 * A generator of text without a server. The same checkpoint, prompt, parameters and seed give the
 * same text as the service, up to rounding between batch sizes. The service ends a text where a
 * document ends; the generator begins the next document from a zero state, as training does.
 */
public final class TextGenerator {
  private final NDManager manager;
  private final CharGru network;
  private final Vocabulary vocabulary;
  private final int[] separator;
  private final String defaultPrompt;

  /** Creates a generator for a model, whose network it does not change. */
  public TextGenerator(TrainedModel model) {
    this.manager = model.manager();
    this.network = model.network();
    this.vocabulary = model.vocabulary();
    String text = model.documentSeparator();
    this.separator = text == null ? null : vocabulary.encode(text);
    this.defaultPrompt = vocabulary.defaultPrompt(text);
  }

  /**
   * A request for text.
   *
   * @param prompt the ids that the text continues; not empty
   * @param characters the number of characters to generate
   * @param parameters the sampling parameters
   * @param seed the seed of every draw
   */
  public record Request(int[] prompt, int characters, SamplingParameters parameters, long seed) {}

  /**
   * Generates one text.
   *
   * @param request the prompt and the parameters
   * @param sink receives each code point as soon as it is drawn
   */
  public void generate(Request request, IntConsumer sink) {
    generateUntil(
        request,
        codePoint -> {
          sink.accept(codePoint);
          return false;
        });
  }

  /**
   * Generates one text up to a condition.
   *
   * @param request the prompt and the parameters
   * @param end receives each code point as soon as it is drawn, and returns whether it is the last
   * @return whether {@code end} ended the text before its full length
   */
  public boolean generateUntil(Request request, IntPredicate end) {
    return run(request, 1, (row, id) -> end.test(vocabulary.codePoint(id)));
  }

  /**
   * Generates several texts at once.
   *
   * @param request the prompt and the parameters; row i has the seed {@code request.seed() + i}
   * @param rows the number of texts
   * @return the ids of the texts, {@code [rows][characters]}
   */
  public int[][] generateRows(Request request, int rows) {
    int[][] texts = new int[rows][request.characters()];
    int[] lengths = new int[rows];
    run(
        request,
        rows,
        (row, id) -> {
          texts[row][lengths[row]++] = id;
          return false;
        });
    return texts;
  }

  private interface Sink {
    /** Receives a character and returns whether the generation ends with it. */
    boolean accept(int row, int id);
  }

  private boolean run(Request request, int rows, Sink sink) {
    int size = vocabulary.size();
    Sampler sampler = new Sampler(vocabulary.characterCount());
    TextEnd[] ends = new TextEnd[rows];
    BitSet[] seen = new BitSet[rows];
    int length = request.prompt().length;
    long[] ids = new long[rows * length];
    for (int row = 0; row < rows; row++) {
      seen[row] = new BitSet(size);
      ends[row] = new TextEnd(separator);
      for (int i = 0; i < length; i++) {
        ids[row * length + i] = request.prompt()[i];
        seen[row].set(request.prompt()[i]);
        ends[row].isReachedWith(request.prompt()[i]);
      }
    }
    try (NDManager states = manager.newSubManager()) {
      NDArray state = network.zeroState(states, rows);
      for (int position = 0; position < request.characters(); position++) {
        try (NDManager scope = states.newSubManager()) {
          NDArray input = scope.create(ids, new Shape(rows, ids.length / rows));
          CharGru.Output output = network.forward(input, state);
          NDArray last = output.logits().get(":, -1");
          last.attach(scope);
          float[] logits = HostCopy.floats(last);
          ids = new long[rows];
          float[] continues = new float[rows];
          boolean allContinue = true;
          for (int row = 0; row < rows; row++) {
            double uniform = SeededRandom.uniform(request.seed() + row, position);
            int id = sampler.sample(logits, row * size, seen[row], request.parameters(), uniform);
            if (sink.accept(row, id)) {
              output.state().close();
              return true;
            }
            seen[row].set(id);
            ids[row] = id;
            continues[row] = ends[row].isReachedWith(id) ? 0 : 1;
            allContinue &= continues[row] == 1;
          }
          state.close();
          state = output.state();
          if (!allContinue) {
            state = state.mul(scope.create(continues, new Shape(1, rows, 1)));
          }
          state.attach(states);
        }
      }
    }
    return false;
  }

  /** Generates one text and returns it. */
  public String generate(Request request) {
    StringBuilder text = new StringBuilder();
    generate(request, text::appendCodePoint);
    return text.toString();
  }

  /**
   * Returns the ids of a prompt, or of the model's default prompt if it is empty, like the service.
   *
   * @param unknown the treatment of characters that the vocabulary does not have
   * @throws folio.model.vocabulary.UnknownCharacterException if such a character is rejected
   */
  public int[] promptOrDefault(String prompt, UnknownCharacters unknown) {
    int[] ids = vocabulary.encode(prompt, unknown);
    return ids.length > 0 ? ids : defaultPrompt();
  }

  /** Returns the ids of the model's default prompt. */
  public int[] defaultPrompt() {
    return vocabulary.encode(defaultPrompt);
  }
}
