package folio.inference.fused;

import folio.model.network.CharGruConfig;
import folio.model.network.Nonlinearity;
import folio.runtime.cuda.CudaDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The distribution of a network over the blocks of the persistent kernel: every block holds the
 * weights of some units of all layers. It mirrors the definitions and the shared memory of {@code
 * layout.cuh}.
 *
 * @param layers L
 * @param hidden H
 * @param vocabulary V
 * @param residual whether layers above the first add their input to their output
 * @param relu whether the head's input is rectified
 * @param units number of units of a layer that a block computes
 * @param cluster number of blocks of a cluster, which share their reads in a large batch: 1 or 2
 */
record KernelLayout(
    int layers,
    int hidden,
    int vocabulary,
    boolean residual,
    boolean relu,
    int units,
    int cluster) {
  /** The largest number of streams of a launch. */
  static final int MAX_SLOTS = 256;

  /** The number of threads of a block. */
  static final int THREADS = 256;

  /**
   * The number of streams of a tile: the columns of a tensor-core product, {@code n} of m16n8k16. A
   * small batch is one tile.
   */
  static final int TILE = FusedDecoder.SMALL_BATCH;

  /** The number of columns of a weight matrix that a pair of k16 steps covers. */
  static final int PAIR_COLUMNS = 32;

  /** The number of rows of a tensor-core product, {@code m} of m16n8k16. */
  private static final int PRODUCT_ROWS = 16;

  /** The number of rows in which sums go to the cluster peer. */
  private static final int PEER_ROWS = 8;

  private static final int MIN_ARCHITECTURE = 80;

  /** The first architecture with thread-block clusters. */
  private static final int CLUSTER_ARCHITECTURE = 90;

  private static final int WARPS = THREADS / 32;

  /** The divisor of the number of units of a block. */
  private static final int UNITS_STEP = 4;

  /** The largest number of units of a block. */
  private static final int MAX_UNITS = 16;

  /** The divisor of the hidden size. */
  private static final int HIDDEN_STEP = 64;

  private static final int GATES = 3;

  /**
   * Returns a layout for a network with the fewest units per block.
   *
   * @throws UnsupportedNetworkException if the GPU or the network does not allow one; the message
   *     has the reason
   */
  static KernelLayout of(CharGruConfig network, CudaDevice gpu) {
    if (gpu.architecture() < MIN_ARCHITECTURE) {
      throw new UnsupportedNetworkException(
          "the GPU's architecture is "
              + gpu.architecture()
              + "; it must be "
              + MIN_ARCHITECTURE
              + " or more");
    }
    if (!gpu.cooperative()) {
      throw new UnsupportedNetworkException("the GPU does not support cooperative launches");
    }
    int hidden = network.hiddenSize();
    if (hidden % HIDDEN_STEP != 0) {
      throw new UnsupportedNetworkException(
          "hidden_size is " + hidden + "; it must be a multiple of " + HIDDEN_STEP);
    }
    for (int units = UNITS_STEP; units <= MAX_UNITS; units += UNITS_STEP) {
      KernelLayout layout =
          new KernelLayout(
              network.layers(),
              hidden,
              network.vocabularySize(),
              switch (network.network()) {
                case PLAIN -> false;
                case RESIDUAL -> true;
              },
              network.headActivation() == Nonlinearity.RELU,
              units,
              clusterOf(gpu.architecture()));
      if (hidden % units == 0
          && layout.blocks() <= gpu.multiprocessors()
          && layout.sharedBytes(TILE) <= gpu.sharedBytes()) {
        return layout;
      }
    }
    throw new UnsupportedNetworkException(
        "the weights and the sampling memory for "
            + network.vocabularySize()
            + " characters do not fit into the GPU's shared memory");
  }

  /** Returns the number of blocks of a cluster on an architecture; 1 if it has no clusters. */
  static int clusterOf(int architecture) {
    return architecture < CLUSTER_ARCHITECTURE ? 1 : 2;
  }

  /** Returns the number of blocks of a launch. */
  int blocks() {
    return hidden / units;
  }

  /** Returns the number of rows of a matrix that a block holds. */
  int rows() {
    return GATES * units;
  }

  /** Returns the number of matrices: two per layer, but the first layer's input is a table. */
  int matrices() {
    return 2 * layers - 1;
  }

  /** Returns the number of rows of the head, rounded up to whole tensor-core products. */
  int headRows() {
    return headRows(vocabulary);
  }

  /** Returns the number of rows of a head, rounded up to whole tensor-core products. */
  static int headRows(int vocabulary) {
    return (vocabulary + PRODUCT_ROWS - 1) / PRODUCT_ROWS * PRODUCT_ROWS;
  }

  /** Returns the number of int32 words of a bit set of ids. */
  int seenWords() {
    return (vocabulary + Integer.SIZE - 1) / Integer.SIZE;
  }

  /**
   * Returns the number of slots for a number of streams, or the largest number that fits into the
   * GPU's shared memory; a multiple of {@link #TILE}.
   */
  int maxSlots(CudaDevice gpu, int streams) {
    int slots = wholeTiles(Math.min(streams, MAX_SLOTS));
    while (sharedBytes(slots) > gpu.sharedBytes()) {
      slots -= TILE;
    }
    return slots;
  }

  /** Returns a number of streams rounded up to whole tiles. */
  static int wholeTiles(int streams) {
    return (streams + TILE - 1) / TILE * TILE;
  }

  /** Returns whether a number of streams is decoded as a small batch, without grid barriers. */
  static boolean isSmallBatch(int streams) {
    return streams <= FusedDecoder.SMALL_BATCH;
  }

  /**
   * Returns the size of the global memory in which blocks publish states and outputs: halves for a
   * large batch, LL words of two halves and a flag for a small one.
   */
  long outputBytes(int slots) {
    long halves = 3L * layers * slots * hidden * Short.BYTES;
    long words = 3L * layers * TILE * hidden / 2 * Long.BYTES;
    return Math.max(halves, words);
  }

  /**
   * Returns the dynamic shared memory of a block in bytes, as {@code SharedMemory::layOut} assigns
   * it.
   *
   * @param slots a multiple of {@link #TILE}
   */
  int sharedBytes(int slots) {
    int weights = matrices() * rows() * hidden * Short.BYTES;
    int samplers = Math.min(WARPS, (slots + blocks() - 1) / blocks());
    int sampling = samplers * headRows() * (Double.BYTES + Float.BYTES);
    int outputs = units * slots * Float.BYTES;
    int biases = layers * 2 * rows() * Float.BYTES;
    int lengths = slots * 2 * Short.BYTES;
    int common = weights + sampling + outputs + biases + lengths;
    return common + (isSmallBatch(slots) ? smallBatchBytes(slots) : largeBatchBytes(slots));
  }

  /** Returns the size of the states, of the sums of a tile and of each warp's part of them. */
  private int smallBatchBytes(int slots) {
    int sums = 2 * rows() * TILE * Float.BYTES;
    int head = headRows() * Float.BYTES;
    int states = layers * units * slots * Float.BYTES;
    return WARPS * Math.max(sums, head) + states + sums;
  }

  /** Returns the size of each warp's part of the head, its mbarrier and the peer's sums. */
  private int largeBatchBytes(int slots) {
    int head = headRows() * Float.BYTES;
    int warpTiles = cluster == 1 ? 1 : (slots + WARPS * TILE - 1) / (WARPS * TILE);
    int peerRows = (rows() + PEER_ROWS - 1) / PEER_ROWS * PEER_ROWS;
    int sums = warpTiles * 2 * peerRows * TILE * Float.BYTES;
    return WARPS * (head + Long.BYTES + sums);
  }

  /**
   * Returns the macros that describe this layout to the kernel, each {@code NAME=VALUE}. The kernel
   * asserts that its shared memory has the size of {@link #sharedBytes} for every number of slots.
   */
  List<String> definitions() {
    List<String> definitions = new ArrayList<>();
    definitions.add("LAYERS=" + layers);
    definitions.add("HIDDEN=" + hidden);
    definitions.add("UNITS=" + units);
    definitions.add("VOCABULARY=" + vocabulary);
    definitions.add("RESIDUAL=" + (residual ? 1 : 0));
    definitions.add("RELU=" + (relu ? 1 : 0));
    definitions.add("CLUSTER=" + cluster);
    definitions.add(
        "SHARED_BYTES="
            + IntStream.rangeClosed(1, MAX_SLOTS / TILE)
                .mapToObj(tiles -> "" + sharedBytes(tiles * TILE))
                .collect(Collectors.joining(",")));
    return definitions;
  }
}
