package folio.model.vocabulary;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The characters that a network knows: an ascending list of Unicode code points. A character's
 * index in the list is its token id. The last id may be the unknown entry, to which training maps
 * rare characters; it stands for every character that is not in the list. Immutable; safe for use
 * by any thread.
 */
public final class Vocabulary {
  /** The number of code points that have an entry in the table; binary search finds the others. */
  private static final int TABLE_SIZE = 0x250;

  /** The text of the unknown entry, U+FFFD. A vocabulary may also have that character itself. */
  private static final int REPLACEMENT = 0xfffd;

  private final int[] codePoints;
  private final boolean hasUnknown;
  private final short[] table = new short[TABLE_SIZE];

  private Vocabulary(int[] ascending, boolean hasUnknown) {
    if (ascending.length == 0) {
      throw new IllegalArgumentException("a vocabulary needs at least one character");
    }
    this.codePoints = ascending;
    this.hasUnknown = hasUnknown;
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
    return new Vocabulary(text.codePoints().distinct().sorted().toArray(), false);
  }

  /**
   * Returns the vocabulary of distinct characters.
   *
   * @param codePoints in any order
   * @throws IllegalArgumentException if there are none
   */
  public static Vocabulary ofCodePoints(int... codePoints) {
    return new Vocabulary(Arrays.stream(codePoints).sorted().toArray(), false);
  }

  /** Returns the vocabulary of the same characters with an unknown entry. */
  public Vocabulary withUnknownEntry() {
    return new Vocabulary(codePoints, true);
  }

  /**
   * Returns the vocabulary of the characters of this one and of another one. It has an unknown
   * entry if one of them does.
   */
  public Vocabulary with(Vocabulary other) {
    return new Vocabulary(
        IntStream.concat(Arrays.stream(codePoints), Arrays.stream(other.codePoints))
            .distinct()
            .sorted()
            .toArray(),
        hasUnknown || other.hasUnknown);
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
    return new Vocabulary(codePoints, false);
  }

  /** Returns the number of ids, V: that of characters, and one for the unknown entry. */
  public int size() {
    return codePoints.length + (hasUnknown ? 1 : 0);
  }

  /** Returns the number of characters. Their ids come before that of the unknown entry. */
  public int characterCount() {
    return codePoints.length;
  }

  /** Returns whether there is an unknown entry. */
  public boolean hasUnknownEntry() {
    return hasUnknown;
  }

  /** Returns the id of the unknown entry, or -1 if there is none. */
  public int unknownId() {
    return hasUnknown ? codePoints.length : -1;
  }

  /** Returns the characters in id order, as one string each, without the unknown entry. */
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

  /** Returns the id of a code point, or that of the unknown entry, or -1 if there is neither. */
  public int idOrUnknown(int codePoint) {
    int id = id(codePoint);
    return id < 0 ? unknownId() : id;
  }

  /**
   * Returns the code point of an id; U+FFFD for the unknown entry.
   *
   * @throws ArrayIndexOutOfBoundsException if the id is not in [0, size)
   */
  public int codePoint(int id) {
    return hasUnknown && id == codePoints.length ? REPLACEMENT : codePoints[id];
  }

  /**
   * Returns the ids of a text, one per code point.
   *
   * @throws UnknownCharacterException at the first character that is not in this vocabulary
   */
  public int[] encode(String text) {
    return encode(text, UnknownCharacters.REJECT);
  }

  /**
   * Returns the ids of a text, one per code point that is not skipped.
   *
   * @param unknown what happens to characters that are not in this vocabulary
   * @throws UnknownCharacterException at the first such character if they are rejected, or if they
   *     are replaced and there is no unknown entry
   */
  public int[] encode(String text, UnknownCharacters unknown) {
    int[] ids = new int[text.codePointCount(0, text.length())];
    int count = 0;
    int position = 0;
    for (int offset = 0; offset < text.length(); position++) {
      int codePoint = text.codePointAt(offset);
      int id = unknown == UnknownCharacters.REPLACE ? idOrUnknown(codePoint) : id(codePoint);
      if (id >= 0) {
        ids[count++] = id;
      } else if (unknown == UnknownCharacters.REPLACE) {
        throw UnknownCharacterException.withoutEntry(codePoint, position);
      } else if (unknown == UnknownCharacters.REJECT) {
        throw new UnknownCharacterException(codePoint, position);
      }
      offset += Character.charCount(codePoint);
    }
    return Arrays.copyOf(ids, count);
  }

  /**
   * Returns the prompt of a request that has none. For a network that was trained on documents, it
   * is the last character of their separator, from which every document begins. For any other one
   * it is a line break, else a space, else the first character of the vocabulary.
   *
   * @param documentSeparator the text that ends each document, or null
   */
  public String defaultPrompt(String documentSeparator) {
    if (documentSeparator != null) {
      return Character.toString(documentSeparator.codePointBefore(documentSeparator.length()));
    }
    int start = id('\n') >= 0 ? '\n' : id(' ') >= 0 ? ' ' : codePoint(0);
    return Character.toString(start);
  }

  /** Returns the text of a sequence of ids, with U+FFFD for the unknown entry. */
  public String decode(int... ids) {
    StringBuilder text = new StringBuilder(ids.length);
    for (int id : ids) {
      text.appendCodePoint(codePoint(id));
    }
    return text.toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Vocabulary that
        && hasUnknown == that.hasUnknown
        && Arrays.equals(codePoints, that.codePoints);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(codePoints) + Boolean.hashCode(hasUnknown);
  }

  @Override
  public String toString() {
    return "Vocabulary["
        + codePoints.length
        + " characters"
        + (hasUnknown ? " and the unknown entry]" : "]");
  }
}
