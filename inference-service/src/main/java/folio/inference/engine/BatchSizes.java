package folio.inference.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * The numbers of rows that passes run with. The first pass of a size chooses and compiles kernels,
 * so passes use only sizes that were warmed, and idle rows fill the rest: of more than 8 rows, at
 * most an eighth is idle.
 */
final class BatchSizes {
  /** Up to this size, every power of two is a size. */
  private static final int FINE = 8;

  /** The number of sizes up to a power of two, so that an eighth of a batch is idle at most. */
  private static final int SIZES = 16;

  private BatchSizes() {}

  /** Returns the smallest size that holds a number of rows; 0 for no rows. */
  static int fit(int rows) {
    if (rows <= FINE) {
      return rows == 0 ? 0 : roundUpToPowerOfTwo(rows);
    }
    int grain = Math.max(FINE, roundUpToPowerOfTwo(rows) / SIZES);
    return (rows + grain - 1) / grain * grain;
  }

  static int roundUpToPowerOfTwo(int number) {
    return Integer.highestOneBit(number) == number ? number : Integer.highestOneBit(number) << 1;
  }

  /** Returns every size up to the one that holds a number of rows, ascending. */
  static List<Integer> upTo(int rows) {
    List<Integer> sizes = new ArrayList<>();
    for (int size = 1; size <= fit(rows); size = fit(size + 1)) {
      sizes.add(size);
    }
    return sizes;
  }
}
