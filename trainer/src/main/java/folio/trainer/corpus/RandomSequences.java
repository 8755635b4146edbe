package folio.trainer.corpus;

import folio.model.sampling.SeededRandom;

/**
 * A sampler of substrings that begin at random positions, each from a zero state, like the sampler
 * of the blog post "RNN generations".
 */
public final class RandomSequences implements SequenceSampler {
  private final long textLength;
  private final int rows;
  private final int length;
  private final long seed;

  /**
   * Creates a sampler of a text.
   *
   * @param textLength the number of characters of the text
   * @param rows the number of rows, B
   * @param length the number of characters per row, T
   * @param seed the seed; together with the step it determines every draw
   * @throws CorpusException if the text is too short for one sequence
   */
  public RandomSequences(long textLength, int rows, int length, long seed) {
    if (textLength <= length) {
      throw new CorpusException(
          "the text to train on has "
              + textLength
              + " characters, too few for one sequence of --length "
              + length
              + " and the character after it; shorten --length");
    }
    this.textLength = textLength;
    this.rows = rows;
    this.length = length;
    this.seed = seed;
  }

  @Override
  public Batch batch(long step) {
    long[] starts = new long[rows];
    for (int row = 0; row < rows; row++) {
      double at = SeededRandom.uniform(seed, step * rows + row);
      starts[row] = (long) (at * (textLength - length));
    }
    return new Batch(starts, length, new boolean[rows]);
  }
}
