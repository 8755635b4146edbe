package folio.trainer.corpus;

import folio.model.sampling.SeededRandom;

/**
 * Rows that read the text side by side, each going on where it was in the step before, so that
 * state carries over. Every epoch the rows begin elsewhere; within one, a row forgets its state now
 * and then, so that the network also learns to start from nothing.
 */
public final class StreamSequences implements SequenceSampler {
  private final int textLength;
  private final int rows;
  private final int length;
  private final double resetProbability;
  private final long seed;
  private final long stepsPerEpoch;

  /**
   * A sampler over a text.
   *
   * @param textLength characters of the text
   * @param rows B
   * @param length T
   * @param resetProbability that a row starts from a zero state, a step, in [0, 1]
   * @param seed decides every draw, together with the step
   * @throws CorpusException if the text is too short for one step
   */
  public StreamSequences(int textLength, int rows, int length, double resetProbability, long seed) {
    this.textLength = textLength;
    this.rows = rows;
    this.length = length;
    this.resetProbability = resetProbability;
    this.seed = seed;
    this.stepsPerEpoch = textLength / rows / length;
    if (stepsPerEpoch < 1) {
      throw new CorpusException(
          "the text to train on has "
              + textLength
              + " characters, too few for --batch "
              + rows
              + " streams of --length "
              + length
              + "; lower either, or take --sampling random");
    }
  }

  /** How many steps read the whole text once. */
  public long stepsPerEpoch() {
    return stepsPerEpoch;
  }

  @Override
  public Batch batch(long step) {
    long epoch = step / stepsPerEpoch;
    long within = step % stepsPerEpoch;
    long offset = (long) (SeededRandom.uniform(seed, ~epoch) * textLength);
    long[] starts = new long[rows];
    boolean[] keepsState = new boolean[rows];
    for (int row = 0; row < rows; row++) {
      starts[row] = (offset + (long) row * (textLength / rows) + within * length) % textLength;
      boolean reset = SeededRandom.uniform(seed, step * rows + row) < resetProbability;
      keepsState[row] = within != 0 && !reset;
    }
    return new Batch(starts, length, keepsState);
  }
}
