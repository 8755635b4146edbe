package folio.trainer.evaluation;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.sampling.SamplingParameters;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.corpus.Corpus;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * How much of what a network writes it has from its training text word for word. Any two texts of
 * one author share some runs, so the validation text says what is to be expected of one who has
 * learnt nothing by heart.
 */
public final class Memorisation {
  private static final int ROWS = 64;
  private static final long SEED = 1;

  private final Vocabulary vocabulary;
  private final Corpus.Split text;

  public Memorisation(Vocabulary vocabulary, Corpus.Split text) {
    this.vocabulary = vocabulary;
    this.text = text;
  }

  /**
   * What was found in the training text.
   *
   * @param characters that were looked at, of either text
   * @param generated of what the network wrote, at a temperature of 1
   * @param unseen of the validation text
   * @param longestRun of what the network wrote, line breaks as ⏎
   */
  public record Result(
      int characters, VerbatimRuns.Found generated, VerbatimRuns.Found unseen, String longestRun) {}

  /**
   * Has a network write, and looks for it.
   *
   * @param most characters that are looked at
   */
  public Result measure(NDManager manager, CharGru network, int most) {
    int characters = Math.min(most, text.validation().length);
    TextGenerator generator = new TextGenerator(manager, network, vocabulary);
    int[][] rows =
        generator.generateRows(
            new TextGenerator.Request(
                generator.promptOrDefault(""),
                (characters + ROWS - 1) / ROWS,
                SamplingParameters.DEFAULT,
                SEED),
            ROWS);
    int[] written = Stream.of(rows).flatMapToInt(Arrays::stream).limit(characters).toArray();
    VerbatimRuns runs = new VerbatimRuns(text.training());
    VerbatimRuns.Found found = runs.in(written);
    int[] longest = Arrays.copyOfRange(written, found.begin(), found.begin() + found.longest());
    return new Result(
        characters,
        found,
        runs.in(Arrays.copyOf(text.validation(), characters)),
        vocabulary.decode(longest).replace('\n', '\u23ce'));
  }
}
