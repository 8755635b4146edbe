package folio.trainer.corpus;

import folio.model.sampling.SeededRandom;

/** Substrings that begin anywhere, each from a zero state, as in the post. */
public final class RandomSequences implements SequenceSampler {
  private final int textLength;
  private final int rows;
  private final int length;
  private final long seed;

  /**
   * A sampler over a text.
   *
   * @param textLength characters of the text
   * @param rows B
   * @param length T
   * @param seed decides every draw, together with the step
   * @throws CorpusException if the text is too short for one sequence
   */
  public RandomSequences(int textLength, int rows, int length, long seed) {
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
