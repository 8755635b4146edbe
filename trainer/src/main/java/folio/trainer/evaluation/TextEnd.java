package folio.trainer.evaluation;

import java.util.Arrays;

/** Recognises the separator of documents at the end of a text that grows. */
final class TextEnd {
  private final int[] separator;
  private final int[] last;

  /**
   * Creates the end of an empty text.
   *
   * @param separator the ids of the separator, or null if there are no documents
   */
  TextEnd(int[] separator) {
    this.separator = separator;
    this.last = new int[separator == null ? 0 : separator.length];
    Arrays.fill(last, -1);
  }

  /** Appends an id, and returns whether the text now ends with the separator. */
  boolean isReachedWith(int id) {
    if (separator == null) {
      return false;
    }
    System.arraycopy(last, 1, last, 0, last.length - 1);
    last[last.length - 1] = id;
    return Arrays.equals(last, separator);
  }
}
