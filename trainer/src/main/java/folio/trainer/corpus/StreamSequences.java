package folio.trainer.corpus;

import folio.model.sampling.SeededRandom;

/**
 * A sampler of parallel streams. Each row continues where it ended in the previous step, so its
 * state carries over. Every epoch starts at another random offset. Within an epoch, a row sometimes
 * starts from a zero state, so that the network also learns to start without context.
 */
public final class StreamSequences implements SequenceSampler {
  private final long textLength;
  private final int rows;
  private final int length;
  private final double resetProbability;
  private final long seed;
  private final long stepsPerEpoch;

  /**
   * Creates a sampler of a text.
   *
   * @param textLength the number of characters of the text
   * @param rows the number of rows, B
   * @param length the number of characters per row and step, T
   * @param resetProbability the probability that a row starts a step from a zero state, in [0, 1]
   * @param seed the seed; together with the step it determines every draw
   * @throws CorpusException if the text is too short for one step
   */
  public StreamSequences(
      long textLength, int rows, int length, double resetProbability, long seed) {
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

  /** Returns the number of steps that read the complete text once. */
  public long stepsPerEpoch() {
    return stepsPerEpoch;
  }

  @Override
  public Batch batch(long step) {
    long epoch = step / stepsPerEpoch;
    long within = step % stepsPerEpoch;
    long offset = (long) (SeededRandom.uniform(seed, ~epoch) * textLength);
    long[] starts = new long[rows];
    boolean[] carriesState = new boolean[rows];
    for (int row = 0; row < rows; row++) {
      starts[row] = (offset + row * (textLength / rows) + within * length) % textLength;
      boolean reset = SeededRandom.uniform(seed, step * rows + row) < resetProbability;
      carriesState[row] = within != 0 && !reset;
    }
    return new Batch(starts, length, carriesState);
  }
}
