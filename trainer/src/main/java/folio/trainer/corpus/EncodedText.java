package folio.trainer.corpus;

import java.util.Arrays;

/**
 * A text as token ids of one vocabulary, which may be divided into documents. It is a view: the
 * characters are stored once, however many parts and vocabularies there are. Immutable; safe for
 * use by any thread.
 */
public final class EncodedText {
  private static final int[] NO_SEPARATOR = {};

  private final CharacterStore characters;
  private final int[] ids;
  private final int[] separator;
  private final long begin;
  private final long length;

  /**
   * Creates a view of a part of a text.
   *
   * @param ids the token id of each number in {@code characters}
   * @param separator the numbers of the text that ends each document; empty if there are no
   *     documents
   */
  EncodedText(CharacterStore characters, int[] ids, int[] separator, long begin, long end) {
    this.characters = characters;
    this.ids = ids;
    this.separator = separator;
    this.begin = begin;
    this.length = end - begin;
  }

  /** Returns the text of the given ids. */
  public static EncodedText of(int... ids) {
    return ofDocuments(NO_SEPARATOR, ids);
  }

  /** Returns the text of the given ids, divided into documents by a separator of ids. */
  public static EncodedText ofDocuments(int[] separator, int... ids) {
    CharacterStore characters = new CharacterStore();
    int largest = 0;
    for (int id : ids) {
      characters.add(id);
      largest = Math.max(largest, id);
    }
    int[] same = new int[largest + 1];
    Arrays.setAll(same, id -> id);
    return new EncodedText(characters, same, separator, 0, ids.length);
  }

  /** Returns the number of characters. */
  public long length() {
    return length;
  }

  /** Returns whether there are no characters. */
  public boolean isEmpty() {
    return length == 0;
  }

  /** Returns the id at a position in [0, length). */
  public int id(long position) {
    return ids[characters.get(begin + position)];
  }

  /** Returns whether the text is divided into documents. */
  public boolean hasDocuments() {
    return separator.length > 0;
  }

  /**
   * Returns whether the character at a position is the last one of a document. The next document is
   * predicted from this character and a zero state.
   */
  public boolean endsDocument(long position) {
    long at = begin + position;
    int last = separator.length - 1;
    if (last < 0 || position < last || characters.get(at) != separator[last]) {
      return false;
    }
    for (int i = 0; i < last; i++) {
      if (characters.get(at - last + i) != separator[i]) {
        return false;
      }
    }
    return true;
  }

  /** Returns the part from a position, inclusive, to another, exclusive. */
  public EncodedText part(long from, long to) {
    if (from < 0 || from > to || to > length) {
      throw new IndexOutOfBoundsException(from + " to " + to + " of " + length);
    }
    return new EncodedText(characters, ids, separator, begin + from, begin + to);
  }

  /** Returns at most {@code count} ids from the beginning, as an array. */
  public int[] first(int count) {
    int[] copy = new int[(int) Math.min(count, length)];
    Arrays.setAll(copy, this::id);
    return copy;
  }
}
