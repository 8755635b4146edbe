package folio.trainer.corpus;

/**
 * One step's text, on the host.
 *
 * @param rows B, the number of sequences
 * @param length T, characters a sequence
 * @param inputs ids, {@code [B, T]} row by row
 * @param targets the id that follows each input, {@code [B, T]}
 * @param keepState {@code [B]}: 1 where a sequence goes on from the state its row ended with in the
 *     step before, 0 where it starts from zeros
 */
public record Batch(int rows, int length, long[] inputs, long[] targets, float[] keepState) {

  /**
   * Cuts sequences from a text, which is taken as a ring.
   *
   * @param text ids
   * @param starts where each row begins
   * @param length T
   */
  static Batch cut(int[] text, long[] starts, int length, float[] keepState) {
    long[] inputs = new long[starts.length * length];
    long[] targets = new long[starts.length * length];
    for (int row = 0; row < starts.length; row++) {
      for (int t = 0; t < length; t++) {
        int at = (int) ((starts[row] + t) % text.length);
        inputs[row * length + t] = text[at];
        targets[row * length + t] = text[at + 1 == text.length ? 0 : at + 1];
      }
    }
    return new Batch(starts.length, length, inputs, targets, keepState);
  }

  /** Whether no row goes on from a state. */
  public boolean startsFresh() {
    for (float keep : keepState) {
      if (keep != 0) {
        return false;
      }
    }
    return true;
  }
}
