package folio.inference.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * The numbers of rows that passes are run with. The first pass of a size chooses and compiles
 * kernels, so only sizes that were warmed are used, and what is missing is filled with idle rows:
 * of more than 8 rows, at most an eighth.
 */
final class BatchSizes {
  private static final int FINE = 8;

  private BatchSizes() {}

  /** The smallest size that holds so many rows; 0 for none. */
  static int fit(int rows) {
    if (rows <= FINE) {
      return rows == 0 ? 0 : roundUpToPowerOfTwo(rows);
    }
    int grain = Math.max(FINE, roundUpToPowerOfTwo(rows) / 16);
    return (rows + grain - 1) / grain * grain;
  }

  static int roundUpToPowerOfTwo(int number) {
    return Integer.highestOneBit(number) == number ? number : Integer.highestOneBit(number) << 1;
  }

  /** Every size up to the one that holds so many rows, ascending. */
  static List<Integer> upTo(int rows) {
    List<Integer> sizes = new ArrayList<>();
    for (int size = 1; size <= fit(rows); size = fit(size + 1)) {
      sizes.add(size);
    }
    return sizes;
  }
}
