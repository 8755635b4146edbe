package folio.trainer.corpus;

import java.util.Arrays;

/**
 * A text as token ids of one vocabulary. It is a view: the characters are stored once, however many
 * parts and vocabularies there are. Immutable; safe for use by any thread.
 */
public final class EncodedText {
  private final CharacterStore characters;
  private final int[] ids;
  private final long begin;
  private final long length;

  /**
   * Creates a view of a part of a text.
   *
   * @param ids the token id of each number in {@code characters}
   */
  EncodedText(CharacterStore characters, int[] ids, long begin, long end) {
    this.characters = characters;
    this.ids = ids;
    this.begin = begin;
    this.length = end - begin;
  }

  /** Returns the text of the given ids. */
  public static EncodedText of(int... ids) {
    CharacterStore characters = new CharacterStore();
    int largest = 0;
    for (int id : ids) {
      characters.add(id);
      largest = Math.max(largest, id);
    }
    int[] same = new int[largest + 1];
    Arrays.setAll(same, id -> id);
    return new EncodedText(characters, same, 0, ids.length);
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

  /** Returns the part from a position, inclusive, to another, exclusive. */
  public EncodedText part(long from, long to) {
    if (from < 0 || from > to || to > length) {
      throw new IndexOutOfBoundsException(from + " to " + to + " of " + length);
    }
    return new EncodedText(characters, ids, begin + from, begin + to);
  }

  /** Returns at most {@code count} ids from the beginning, as an array. */
  public int[] first(int count) {
    int[] copy = new int[(int) Math.min(count, length)];
    Arrays.setAll(copy, this::id);
    return copy;
  }
}
