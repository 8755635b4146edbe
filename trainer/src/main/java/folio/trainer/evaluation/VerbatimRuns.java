package folio.trainer.evaluation;

import java.util.Arrays;

/**
 * A search for verbatim runs: the parts of a text that occur word for word in a source text. It
 * uses a suffix array of the source. Immutable; safe for use by any thread.
 *
 * @see <a href="https://doi.org/10.1137/0222058">Manber and Myers</a>
 */
public final class VerbatimRuns {
  private final int[] source;
  private final int[] suffixes;

  /**
   * Sorts the suffixes of a source text, which takes seconds for a million characters.
   *
   * @param source the ids of the text to search
   */
  public VerbatimRuns(int[] source) {
    this.source = source.clone();
    this.suffixes = suffixArray(this.source);
  }

  /**
   * The overlap of a text with the source.
   *
   * @param longest the length of the longest run in characters
   * @param begin the position of that run in the text
   * @param mean the mean over all positions of the text of the longest run that begins there
   */
  public record Overlap(int longest, int begin, double mean) {}

  /** Finds the longest run at every position of a text. */
  public Overlap in(int[] text) {
    int longest = 0;
    int begin = 0;
    long sum = 0;
    for (int at = 0; at < text.length; at++) {
      int length = runAt(text, at);
      sum += length;
      if (length > longest) {
        longest = length;
        begin = at;
      }
    }
    return new Overlap(longest, begin, (double) sum / Math.max(1, text.length));
  }

  /** Returns the length of the longest run at a position, by binary search for each character. */
  private int runAt(int[] text, int at) {
    int low = 0;
    int high = suffixes.length;
    int length = 0;
    while (at + length < text.length) {
      int next = text[at + length];
      int from = bound(low, high, length, next);
      int to = bound(from, high, length, next + 1);
      if (from == to) {
        break;
      }
      low = from;
      high = to;
      length++;
    }
    return length;
  }

  /**
   * Returns the first suffix of a range whose character at {@code depth} is not below a character.
   */
  private int bound(int low, int high, int depth, int character) {
    int from = low;
    int to = high;
    while (from < to) {
      int middle = (from + to) >>> 1;
      int position = suffixes[middle] + depth;
      if (position < source.length && source[position] >= character) {
        to = middle;
      } else {
        from = middle + 1;
      }
    }
    return from;
  }

  /** Sorts the suffixes by prefix doubling: by their first 1, 2, 4, ... characters. */
  private static int[] suffixArray(int[] text) {
    int length = text.length;
    int[] rank = text.clone();
    int[] order = new int[length];
    Arrays.setAll(order, i -> i);
    int largest = Arrays.stream(text).max().orElse(0);
    order = sortedBy(rank, 0, order, largest);
    for (int prefix = 1; ; prefix *= 2) {
      int[] next = new int[length];
      int different = 0;
      for (int i = 1; i < length; i++) {
        different += same(rank, order[i - 1], order[i], prefix / 2) ? 0 : 1;
        next[order[i]] = different;
      }
      rank = next;
      if (different >= length - 1) {
        return order;
      }
      order = sortedBy(rank, 0, sortedBy(rank, prefix, order, different), different);
    }
  }

  private static boolean same(int[] rank, int a, int b, int second) {
    return rank[a] == rank[b]
        && (second == 0 || rankAt(rank, a + second) == rankAt(rank, b + second));
  }

  /** Returns the rank at a position; a position past the end ranks before every character. */
  private static int rankAt(int[] rank, int position) {
    return position < rank.length ? rank[position] : -1;
  }

  /** Sorts suffixes stably, by counting, by the rank {@code ahead} characters after their start. */
  private static int[] sortedBy(int[] rank, int ahead, int[] order, int largest) {
    int[] begin = new int[largest + 3];
    for (int suffix : order) {
      begin[rankAt(rank, suffix + ahead) + 2]++;
    }
    for (int i = 1; i < begin.length; i++) {
      begin[i] += begin[i - 1];
    }
    int[] sorted = new int[order.length];
    for (int suffix : order) {
      sorted[begin[rankAt(rank, suffix + ahead) + 1]++] = suffix;
    }
    return sorted;
  }
}
