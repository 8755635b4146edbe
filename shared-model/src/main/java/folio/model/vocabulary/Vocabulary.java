package folio.model.vocabulary;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The characters that a network knows: an ascending list of Unicode code points. A character's
 * index in the list is its token id. Immutable; safe for use by any thread.
 */
public final class Vocabulary {
  /** The number of code points that have an entry in the table; binary search finds the others. */
  private static final int TABLE_SIZE = 0x250;

  private final int[] codePoints;
  private final short[] table = new short[TABLE_SIZE];

  private Vocabulary(int[] ascending) {
    if (ascending.length == 0) {
      throw new IllegalArgumentException("a vocabulary needs at least one character");
    }
    this.codePoints = ascending;
    Arrays.fill(table, (short) -1);
    for (int id = 0; id < ascending.length && ascending[id] < TABLE_SIZE; id++) {
      table[ascending[id]] = (short) id;
    }
  }

  /**
   * Returns the vocabulary of the distinct characters of a text.
   *
   * @throws IllegalArgumentException if the text is empty
   */
  public static Vocabulary of(String text) {
    return new Vocabulary(text.codePoints().distinct().sorted().toArray());
  }

  /**
   * Returns the vocabulary of distinct characters.
   *
   * @param codePoints in any order
   * @throws IllegalArgumentException if there are none
   */
  public static Vocabulary ofCodePoints(int... codePoints) {
    return new Vocabulary(Arrays.stream(codePoints).sorted().toArray());
  }

  /** Returns the vocabulary of the characters of this one and of another one. */
  public Vocabulary with(Vocabulary other) {
    return new Vocabulary(
        IntStream.concat(Arrays.stream(codePoints), Arrays.stream(other.codePoints))
            .distinct()
            .sorted()
            .toArray());
  }

  /**
   * Returns the vocabulary of a list of characters, which is its stored form.
   *
   * @param characters strings of exactly one code point each, strictly ascending
   * @throws IllegalArgumentException if an entry is not one code point or is out of order; the
   *     message names the entry and its index
   */
  public static Vocabulary ofCharacters(List<String> characters) {
    int[] codePoints = new int[characters.size()];
    for (int id = 0; id < codePoints.length; id++) {
      String character = characters.get(id);
      if (character == null || character.codePointCount(0, character.length()) != 1) {
        throw new IllegalArgumentException(
            "characters[" + id + "] is not exactly one code point: " + character);
      }
      codePoints[id] = character.codePointAt(0);
      if (id > 0 && codePoints[id] <= codePoints[id - 1]) {
        throw new IllegalArgumentException(
            "characters[" + id + "] does not come after characters[" + (id - 1) + "]");
      }
    }
    return new Vocabulary(codePoints);
  }

  /** Returns the number of characters, V. */
  public int size() {
    return codePoints.length;
  }

  /** Returns the characters in id order, as one string each. */
  public List<String> characters() {
    return Arrays.stream(codePoints).mapToObj(Character::toString).toList();
  }

  /** Returns the id of a code point, or -1 if the vocabulary does not contain it. */
  public int id(int codePoint) {
    if (codePoint < TABLE_SIZE && codePoint >= 0) {
      return table[codePoint];
    }
    int found = Arrays.binarySearch(codePoints, codePoint);
    return found >= 0 ? found : -1;
  }

  /**
   * Returns the code point of an id.
   *
   * @throws ArrayIndexOutOfBoundsException if the id is not in [0, size)
   */
  public int codePoint(int id) {
    return codePoints[id];
  }

  /**
   * Returns the ids of a text, one per code point.
   *
   * @throws UnknownCharacterException at the first character that is not in this vocabulary
   */
  public int[] encode(String text) {
    int[] ids = new int[text.codePointCount(0, text.length())];
    for (int i = 0, offset = 0; i < ids.length; i++) {
      int codePoint = text.codePointAt(offset);
      ids[i] = id(codePoint);
      if (ids[i] < 0) {
        throw new UnknownCharacterException(codePoint, i);
      }
      offset += Character.charCount(codePoint);
    }
    return ids;
  }

  /**
   * Returns the prompt of a request that has none: a line break, else a space, else the first
   * character of the vocabulary.
   */
  public String defaultPrompt() {
    int start = id('\n') >= 0 ? '\n' : id(' ') >= 0 ? ' ' : codePoint(0);
    return Character.toString(start);
  }

  /** Returns the text of a sequence of ids. */
  public String decode(int... ids) {
    StringBuilder text = new StringBuilder(ids.length);
    for (int id : ids) {
      text.appendCodePoint(codePoints[id]);
    }
    return text.toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Vocabulary that && Arrays.equals(codePoints, that.codePoints);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(codePoints);
  }

  @Override
  public String toString() {
    return "Vocabulary[" + size() + " characters]";
  }
}
