package folio.trainer.corpus;

/**
 * Which text a step sees: the characters from each start on predict the ones after them. The text
 * is taken as a ring.
 *
 * @param starts {@code [B]}: where each row begins
 * @param length T, characters a row
 * @param keepsState {@code [B]}: whether a row goes on from the state that it ended with in the
 *     step before, or starts from zeros
 */
public record Batch(long[] starts, int length, boolean[] keepsState) {

  /** B, the number of rows. */
  public int rows() {
    return starts.length;
  }
}
