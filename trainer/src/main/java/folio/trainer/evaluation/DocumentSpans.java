package folio.trainer.evaluation;

import folio.trainer.corpus.EncodedText;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The documents of a part of a text, as spans. A span is read from the last character of the
 * separator before its document, and scored up to the last one of its own separator, or to the end
 * of the part.
 */
final class DocumentSpans implements Iterator<Span> {
  private final EncodedText text;
  private final long end;
  private long start;

  /**
   * Creates the spans of a part, which begins with the first document that begins at a position or
   * after it; if there is none, with the first one of the text.
   *
   * @param length the number of characters of the part, if the text has as many
   */
  DocumentSpans(EncodedText text, long position, long length) {
    this.text = text;
    long first = position == 0 ? 0 : nextEnd(position, text.length());
    this.start = first >= text.length() - 1 ? 0 : first;
    this.end = Math.min(text.length(), start + length);
  }

  /** Returns the first position from another one on at which a document ends, or the limit. */
  private long nextEnd(long from, long limit) {
    long at = from;
    while (at < limit && !text.endsDocument(at)) {
      at++;
    }
    return at;
  }

  @Override
  public boolean hasNext() {
    return start < end - 1;
  }

  @Override
  public Span next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    long next = Math.min(nextEnd(start + 1, end), end - 1);
    Span span = new Span(start, next - start);
    start = next;
    return span;
  }
}
