package folio.model.vocabulary;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * An immutable, ascending list of Unicode code points; a character's index in it is its token id.
 * Safe for use by any thread.
 */
public final class Vocabulary {
  /** Code points below this are looked up in a table, the rest by binary search. */
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
   * The distinct characters of a text.
   *
   * @throws IllegalArgumentException if the text is empty
   */
  public static Vocabulary of(String text) {
    return new Vocabulary(text.codePoints().distinct().sorted().toArray());
  }

  /**
   * A vocabulary from its stored form.
   *
   * @param characters one string a character, each exactly one code point, strictly ascending
   * @throws IllegalArgumentException if an entry is not one code point, or is out of order; the
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

  /** The number of characters, V. */
  public int size() {
    return codePoints.length;
  }

  /** The characters in id order, one string each. */
  public List<String> characters() {
    return Arrays.stream(codePoints).mapToObj(Character::toString).toList();
  }

  /** The id of a code point, or -1 if it is unknown. */
  public int id(int codePoint) {
    if (codePoint < TABLE_SIZE && codePoint >= 0) {
      return table[codePoint];
    }
    int found = Arrays.binarySearch(codePoints, codePoint);
    return found >= 0 ? found : -1;
  }

  /**
   * The code point of an id.
   *
   * @throws ArrayIndexOutOfBoundsException if the id is not in [0, size)
   */
  public int codePoint(int id) {
    return codePoints[id];
  }

  /**
   * The ids of a text, one a code point.
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

  /** The text of a sequence of ids. */
  public String decode(int... ids) {
    StringBuilder text = new StringBuilder(ids.length);
    for (int id : ids) {
      text.appendCodePoint(codePoints[id]);
    }
    return text.toString();
  }

  /** SHA-256 over the characters in order, as UTF-8, in lower-case hex: equal means same ids. */
  public String fingerprint() {
    try {
      byte[] utf8 = decode(ids()).getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(utf8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private int[] ids() {
    int[] ids = new int[codePoints.length];
    Arrays.setAll(ids, i -> i);
    return ids;
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
