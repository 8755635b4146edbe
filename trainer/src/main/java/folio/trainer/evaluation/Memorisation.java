package folio.trainer.evaluation;

import folio.model.sampling.SamplingParameters;
import folio.trainer.corpus.EncodedText;
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

  /**
   * The largest number of training characters that are searched. The search takes seconds and about
   * 100 MB for that many.
   */
  private static final int MAX_SEARCHED = 4_000_000;

  private final EncodedText training;
  private final EncodedText validation;

  /**
   * Creates a measure for networks that were trained on one text.
   *
   * @param training the text to search; only its first 4 million characters are searched
   * @param validation a text that the networks were not trained on
   */
  public Memorisation(EncodedText training, EncodedText validation) {
    this.training = training;
    this.validation = validation;
  }

  /**
   * The overlaps with the training text.
   *
   * @param characters the number of characters of either text
   * @param searched the number of training characters that were searched
   * @param generated the overlap of the text that the network generated at temperature 1
   * @param unseen the overlap of the validation text
   * @param longestRun the longest run of the generated text; ⏎ stands for a line break
   */
  public record Result(
      int characters,
      int searched,
      VerbatimRuns.Overlap generated,
      VerbatimRuns.Overlap unseen,
      String longestRun) {}

  /**
   * Generates text with a network and searches the training text for it.
   *
   * @param model the network; it is not changed
   * @param maxCharacters the largest number of characters to generate; the validation text limits
   *     it too
   */
  public Result measure(TrainedModel model, int maxCharacters) {
    int[] unseen = validation.first(maxCharacters);
    int characters = unseen.length;
    TextGenerator generator = new TextGenerator(model);
    int[][] rows =
        generator.generateRows(
            new TextGenerator.Request(
                generator.defaultPrompt(),
                (characters + ROWS - 1) / ROWS,
                SamplingParameters.DEFAULT,
                SEED),
            ROWS);
    int[] generated = Stream.of(rows).flatMapToInt(Arrays::stream).limit(characters).toArray();
    int[] searched = training.first(MAX_SEARCHED);
    VerbatimRuns runs = new VerbatimRuns(searched);
    VerbatimRuns.Overlap overlap = runs.in(generated);
    int[] longest =
        Arrays.copyOfRange(generated, overlap.begin(), overlap.begin() + overlap.longest());
    return new Result(
        characters,
        searched.length,
        overlap,
        runs.in(unseen),
        model.vocabulary().decode(longest).replace('\n', '\u23ce'));
  }
}
