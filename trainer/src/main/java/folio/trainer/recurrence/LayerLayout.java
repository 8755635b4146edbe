package folio.trainer.recurrence;

import folio.runtime.cuda.CudaDevice;
import folio.runtime.cuda.CudaException;
import java.util.List;

/**
 * The distribution of a layer over the blocks of a cluster. {@code layout.cuh} mirrors this class
 * and asserts the sizes of a block's shared memory.
 *
 * @param hidden the number of hidden units, a multiple of {@link #UNITS}
 * @param rows the number of rows of the batch that a cluster computes
 * @param brain whether a half is bfloat16 instead of float16
 */
record LayerLayout(int hidden, int rows, boolean brain) {
  /** The number of units that a block computes. */
  static final int UNITS = 32;

  static final int THREADS = 256;

  /** The largest cluster of a Hopper GPU. */
  private static final int MAX_CLUSTER = 16;

  /** The first architecture with clusters. */
  private static final int HOPPER = 90;

  /** With more rows, the compiler would move registers to memory. */
  private static final int MAX_ROWS = 48;

  /** With fewer rows, a step is not shorter: it waits for the exchange. */
  private static final int MIN_ROWS = 4;

  /** The number of warps that share the sum over the states. */
  private static final int FORWARD_PARTS = 4;

  private static final int TILE = 8;
  private static final int HALF_BYTES = 2;

  /** The mbarriers, padded. */
  private static final int INBOX_BYTES = 128;

  /**
   * Returns a layout for a batch.
   *
   * @param batch the number of rows of the batch
   * @param clusters the number of clusters that can run at the same time
   * @throws CudaException if the kernels cannot run the layer on the GPU
   */
  static LayerLayout of(int hidden, int batch, boolean brain, CudaDevice gpu, int clusters) {
    if (gpu.architecture() < HOPPER) {
      throw new CudaException(
          "the GPU's architecture is "
              + gpu.architecture()
              + "; it must be "
              + HOPPER
              + " or more, which have clusters of blocks");
    }
    if (hidden % UNITS != 0 || hidden > MAX_CLUSTER * UNITS) {
      throw new CudaException(
          "hidden_size is "
              + hidden
              + "; it must be a multiple of "
              + UNITS
              + " up to "
              + MAX_CLUSTER * UNITS);
    }
    int maxRows = MAX_ROWS;
    while (!new LayerLayout(hidden, maxRows, brain).fits(gpu)) {
      maxRows--;
      if (maxRows == 0) {
        throw new CudaException(
            "the GPU has "
                + gpu.sharedBytes()
                + " bytes of shared memory per block, which is too little");
      }
    }
    int waves = divideUp(batch, clusters * maxRows);
    int rows = Math.max(Math.min(MIN_ROWS, batch), divideUp(batch, clusters * waves));
    return new LayerLayout(hidden, rows, brain);
  }

  /** Returns the number of clusters that the multiprocessors of a GPU have room for at most. */
  static int mostClusters(int hidden, CudaDevice gpu) {
    return Math.max(1, gpu.multiprocessors() / divideUp(hidden, UNITS));
  }

  private boolean fits(CudaDevice gpu) {
    return Math.max(forwardBytes(), backwardBytes()) <= gpu.sharedBytes();
  }

  /** Returns the number of blocks in a cluster. */
  int cluster() {
    return hidden / UNITS;
  }

  /** Returns the number of blocks of a launch. */
  int blocks(int batch) {
    return divideUp(batch, rows) * cluster();
  }

  private int tiles() {
    return divideUp(rows, TILE);
  }

  /** Returns the shared memory of a block in the forward pass, in bytes. */
  int forwardBytes() {
    int slice = rows * UNITS * HALF_BYTES;
    int slack = (TILE - 1) * UNITS * HALF_BYTES;
    int sums = FORWARD_PARTS * 3 * tiles() * TILE * (UNITS + 4) * Float.BYTES;
    return INBOX_BYTES + 2 * cluster() * slice + slack + slice + sums;
  }

  /** Returns the shared memory of a block in the backward pass, in bytes. */
  int backwardBytes() {
    int received = cluster() * UNITS * tiles() * TILE * Float.BYTES;
    int operand = 3 * tiles() * TILE * UNITS * HALF_BYTES;
    return INBOX_BYTES + 2 * received + operand;
  }

  /** Returns the macros that the kernels are compiled with, each {@code NAME=VALUE}. */
  List<String> definitions() {
    return List.of(
        "HIDDEN=" + hidden,
        "ROWS=" + rows,
        "BFLOAT16=" + (brain ? 1 : 0),
        "PASS_BYTES=" + Pass.BYTES,
        "FORWARD_BYTES=" + forwardBytes(),
        "BACKWARD_BYTES=" + backwardBytes());
  }

  private static int divideUp(int count, int by) {
    return (count + by - 1) / by;
  }
}
