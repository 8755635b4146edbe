package folio.trainer.corpus;

import java.util.function.IntConsumer;

/**
 * A filter of code points that recognises the end of each document: each place where the text so
 * far ends with the separator. It completes the last document of every text.
 */
final class DocumentEnds implements IntConsumer {
  private final int[] separator;

  /**
   * By the number of matched characters of the separator, the number that still match if the next
   * one differs (Knuth, Morris and Pratt).
   */
  private final int[] fallback;

  private final IntConsumer sink;
  private final Runnable onEnd;
  private int matched;
  private boolean inside;
  private long count;

  /**
   * Creates a filter.
   *
   * @param sink receives every code point
   * @param onEnd runs after the last code point of each document
   */
  DocumentEnds(DocumentSeparator separator, IntConsumer sink, Runnable onEnd) {
    this.separator = separator.codePoints();
    this.fallback = new int[this.separator.length + 1];
    for (int length = 2; length <= this.separator.length; length++) {
      fallback[length] = next(fallback[length - 1], this.separator[length - 1]);
    }
    this.sink = sink;
    this.onEnd = onEnd;
  }

  /** Returns how many characters of the separator match after another character. */
  private int next(int before, int codePoint) {
    int length = before;
    while (length > 0 && separator[length] != codePoint) {
      length = fallback[length];
    }
    return separator[length] == codePoint ? length + 1 : 0;
  }

  @Override
  public void accept(int codePoint) {
    sink.accept(codePoint);
    inside = true;
    matched = next(matched == separator.length ? fallback[matched] : matched, codePoint);
    if (matched == separator.length) {
      inside = false;
      count++;
      onEnd.run();
    }
  }

  /** Ends a text: adds what its last document lacks of the separator. */
  void endText() {
    if (inside) {
      for (int i = matched; i < separator.length; i++) {
        accept(separator[i]);
      }
    }
  }

  /** Returns the number of documents so far. */
  long count() {
    return count;
  }
}
