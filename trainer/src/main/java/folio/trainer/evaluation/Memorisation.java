package folio.trainer.evaluation;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.sampling.SamplingParameters;
import folio.model.vocabulary.Vocabulary;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * A measure of memorisation: the runs of generated text that occur verbatim in the training text.
 * Any two texts of one author share some runs, so the validation text shows the length to expect
 * without memorisation.
 */
public final class Memorisation {
  /** The number of texts that are generated at once. */
  private static final int ROWS = 64;

  private static final long SEED = 1;

  private final Vocabulary vocabulary;
  private final int[] training;
  private final int[] validation;

  /**
   * Creates a measure for networks that were trained on one text.
   *
   * @param vocabulary the vocabulary of the ids
   * @param training the ids of the text to search
   * @param validation the ids of a text that the networks were not trained on
   */
  public Memorisation(Vocabulary vocabulary, int[] training, int[] validation) {
    this.vocabulary = vocabulary;
    this.training = training;
    this.validation = validation;
  }

  /**
   * The overlaps with the training text.
   *
   * @param characters the number of characters of either text
   * @param generated the overlap of the text that the network generated at temperature 1
   * @param unseen the overlap of the validation text
   * @param longestRun the longest run of the generated text; ⏎ stands for a line break
   */
  public record Result(
      int characters,
      VerbatimRuns.Overlap generated,
      VerbatimRuns.Overlap unseen,
      String longestRun) {}

  /**
   * Generates text with a network and searches the training text for it.
   *
   * @param manager the parent of scratch arrays, on the network's device
   * @param network the network; it is not changed
   * @param maxCharacters the largest number of characters to generate; the validation text limits
   *     it too
   */
  public Result measure(NDManager manager, CharGru network, int maxCharacters) {
    int characters = Math.min(maxCharacters, validation.length);
    TextGenerator generator = new TextGenerator(manager, network, vocabulary);
    int[][] rows =
        generator.generateRows(
            new TextGenerator.Request(
                generator.promptOrDefault(""),
                (characters + ROWS - 1) / ROWS,
                SamplingParameters.DEFAULT,
                SEED),
            ROWS);
    int[] generated = Stream.of(rows).flatMapToInt(Arrays::stream).limit(characters).toArray();
    VerbatimRuns runs = new VerbatimRuns(training);
    VerbatimRuns.Overlap overlap = runs.in(generated);
    int[] longest =
        Arrays.copyOfRange(generated, overlap.begin(), overlap.begin() + overlap.longest());
    return new Result(
        characters,
        overlap,
        runs.in(Arrays.copyOf(validation, characters)),
        vocabulary.decode(longest).replace('\n', '\u23ce'));
  }
}
