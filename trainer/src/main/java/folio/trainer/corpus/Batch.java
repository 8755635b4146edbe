package folio.trainer.corpus;

import java.util.Arrays;

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

  /**
   * Returns one of several parts with the same number of rows.
   *
   * @param index the number of the part, from 0
   * @param count the number of parts, a divisor of the number of rows
   */
  public Batch part(int index, int count) {
    int size = rows() / count;
    int from = index * size;
    return new Batch(
        Arrays.copyOfRange(starts, from, from + size),
        length,
        Arrays.copyOfRange(carriesState, from, from + size));
  }

  /** Returns the number of rows, B. */
  public int rows() {
    return starts.length;
  }
}
