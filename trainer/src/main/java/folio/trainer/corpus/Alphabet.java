package folio.trainer.corpus;

import java.util.Arrays;

/**
 * The distinct characters of a text that is being read, in the order of their first occurrence,
 * with the number of their occurrences. A text is stored as these numbers, because the ids of a
 * {@link folio.model.vocabulary.Vocabulary} are known only at its end.
 */
final class Alphabet {
  private final int[] numbers = new int[Character.MAX_CODE_POINT + 1];
  private int[] codePoints = new int[256];
  private long[] counts = new long[256];
  private int size;

  Alphabet() {
    Arrays.fill(numbers, -1);
  }

  /** Counts an occurrence of a code point and returns its number. */
  int count(int codePoint) {
    int number = numbers[codePoint];
    if (number < 0) {
      number = size++;
      if (number == codePoints.length) {
        codePoints = Arrays.copyOf(codePoints, 2 * number);
        counts = Arrays.copyOf(counts, 2 * number);
      }
      numbers[codePoint] = number;
      codePoints[number] = codePoint;
    }
    counts[number]++;
    return number;
  }

  /** Returns the number of distinct characters. */
  int size() {
    return size;
  }

  /** Returns the code point of a number. */
  int codePoint(int number) {
    return codePoints[number];
  }

  /** Returns the number of a code point, or -1 if it has not occurred. */
  int number(int codePoint) {
    return numbers[codePoint];
  }

  /** Returns how often the character of a number occurs. */
  long occurrences(int number) {
    return counts[number];
  }
}
