package folio.trainer.corpus;

/**
 * The part of the text that a step reads. Each row predicts the characters that follow its own. The
 * text is a ring: its first character follows its last one.
 *
 * @param starts {@code [B]}: the position of each row's first character
 * @param length the number of characters per row, T
 * @param carriesState {@code [B]}: whether a row continues from its state at the end of the
 *     previous step; otherwise it starts from zeros
 */
public record Batch(long[] starts, int length, boolean[] carriesState) {

  /** Returns the number of rows, B. */
  public int rows() {
    return starts.length;
  }
}
