package folio.trainer.evaluation;

import java.util.Arrays;

/**
 * Finds what of a text stands word for word in another one, by a suffix array of that other text.
 * Immutable; safe for use by any thread.
 *
 * @see <a href="https://doi.org/10.1137/0222058">Manber and Myers</a>
 */
public final class VerbatimRuns {
  private final int[] source;
  private final int[] suffixes;

  /**
   * Sorts the suffixes of a text: seconds for a million characters.
   *
   * @param source what is searched
   */
  public VerbatimRuns(int[] source) {
    this.source = source.clone();
    this.suffixes = suffixArray(this.source);
  }

  /**
   * What was found.
   *
   * @param longest characters of the longest run
   * @param begin where it begins in the text that was looked at
   * @param mean over all characters, of the longest run that begins there
   */
  public record Found(int longest, int begin, double mean) {}

  /** Looks for the longest run at every character of a text. */
  public Found in(int[] text) {
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
    return new Found(longest, begin, (double) sum / Math.max(1, text.length));
  }

  /** Narrows the suffixes that begin like the text, one character after another. */
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

  /** The first suffix of a range whose character after {@code depth} others is not below one. */
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

  /** By prefix doubling: sorted by their first 1, 2, 4, ... characters. */
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

  /** What lies behind the end comes before everything. */
  private static int rankAt(int[] rank, int position) {
    return position < rank.length ? rank[position] : -1;
  }

  /** A stable counting sort by the rank some characters further on. */
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
