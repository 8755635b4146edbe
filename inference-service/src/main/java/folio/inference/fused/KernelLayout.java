package folio.inference.fused;

import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.runtime.cuda.CudaDevice;
import java.util.ArrayList;
import java.util.List;

/**
 * How a network is spread over a GPU: every block has some units of all layers, with their weights.
 * The counterpart of the definitions and of the shared memory's layout in {@code decode.cu}.
 *
 * @param layers L
 * @param hidden H
 * @param vocabulary V
 * @param residual whether layers above the first add to their input
 * @param relu whether the head's input is rectified
 * @param units of a layer that a block has
 * @param cluster blocks that share what they read of many streams, 1 or 2
 */
record KernelLayout(
    int layers,
    int hidden,
    int vocabulary,
    boolean residual,
    boolean relu,
    int units,
    int cluster) {
  /** Most streams of a launch. */
  static final int MAX_PLACES = 256;

  /** Threads of a block. */
  static final int THREADS = 256;

  /** Streams that are computed together, columns of one product. */
  static final int TILE = 8;

  private static final int LEAST_ARCHITECTURE = 80;
  private static final int CLUSTERS_ARCHITECTURE = 90;
  private static final int WARPS = THREADS / 32;
  private static final int UNITS_STEP = 4;
  private static final int MAX_UNITS = 16;
  private static final int HIDDEN_STEP = 64;
  private static final int GATES = 3;

  /**
   * A plan for a network.
   *
   * @throws UnsupportedNetworkException if the GPU or the network does not allow one; the message
   *     says why
   */
  static KernelLayout of(CharGruConfig network, CudaDevice gpu) {
    if (gpu.architecture() < LEAST_ARCHITECTURE) {
      throw new UnsupportedNetworkException(
          "the GPU's architecture is "
              + gpu.architecture()
              + "; what is needed is "
              + LEAST_ARCHITECTURE
              + " or more");
    }
    if (!gpu.cooperative()) {
      throw new UnsupportedNetworkException(
          "the GPU cannot be made to run all blocks of a launch at once");
    }
    int hidden = network.hiddenSize();
    if (hidden % HIDDEN_STEP != 0) {
      throw new UnsupportedNetworkException(
          "hidden_size " + hidden + " is no multiple of " + HIDDEN_STEP);
    }
    for (int units = UNITS_STEP; units <= MAX_UNITS; units += UNITS_STEP) {
      KernelLayout plan =
          new KernelLayout(
              network.layers(),
              hidden,
              network.vocabularySize(),
              network.network() == NetworkKind.RESIDUAL,
              network.headActivation() == Nonlinearity.RELU,
              units,
              gpu.architecture() < CLUSTERS_ARCHITECTURE ? 1 : 2);
      if (hidden % units == 0
          && plan.blocks() <= gpu.multiprocessors()
          && plan.sharedBytes(TILE) <= gpu.sharedBytes()) {
        return plan;
      }
    }
    throw new UnsupportedNetworkException(
        "its weights, and what "
            + network.vocabularySize()
            + " characters need, do not fit into the GPU's shared memory");
  }

  /** Blocks of a launch. */
  int blocks() {
    return hidden / units;
  }

  /** Rows of weights that a block has of a layer's matrix. */
  int rows() {
    return GATES * units;
  }

  /** Matrices: two a layer, but for the first, whose input product is a table. */
  int matrices() {
    return 2 * layers - 1;
  }

  /** Rows of the head, rounded up to a product's. */
  int headRows() {
    return (vocabulary + 15) / 16 * 16;
  }

  /** Words of a bit a character. */
  int seenWords() {
    return (vocabulary + 31) / 32;
  }

  /** Most places, up to what so many streams need, that fit beside the weights. */
  int mostPlaces(CudaDevice gpu, int streams) {
    int places = places(Math.min(streams, MAX_PLACES));
    while (sharedBytes(places) > gpu.sharedBytes()) {
      places -= TILE;
    }
    return places;
  }

  /** Places for so many streams, rounded up to whole tiles. */
  static int places(int streams) {
    return (streams + TILE - 1) / TILE * TILE;
  }

  /** What layers publish, with so many places: halves, or words of two halves and a step. */
  long outputBytes(int places) {
    long halves = 3L * layers * places * hidden * Short.BYTES;
    long words = 3L * layers * TILE * hidden / 2 * Long.BYTES;
    return Math.max(halves, words);
  }

  /** Shared memory of a block, as {@code Block::layOut} has it. */
  int sharedBytes(int places) {
    int weights = matrices() * rows() * hidden * Short.BYTES;
    int choosers = Math.min(WARPS, (places + blocks() - 1) / blocks());
    int choosing = choosers * headRows() * (Double.BYTES + Float.BYTES);
    int outputs = units * places * Float.BYTES;
    int biases = layers * 2 * rows() * Float.BYTES;
    int lengths = places * Integer.BYTES;
    int sums = 2 * rows() * TILE * Float.BYTES;
    int common = weights + choosing + outputs + biases + lengths;
    int head = headRows() * Float.BYTES;
    return common
        + (few(places)
            ? WARPS * Math.max(sums, head) + layers * units * places * Float.BYTES + sums
            : WARPS * head + sumsOfMany(places));
  }

  /** What a block is sent by another, or makes, of sums, and what tells that it has come. */
  private int sumsOfMany(int places) {
    int tiles = cluster == 1 ? 1 : (places + WARPS * TILE - 1) / (WARPS * TILE);
    int eights = (rows() + 7) / 8;
    return WARPS * Long.BYTES + tiles * WARPS * 2 * eights * 8 * TILE * Float.BYTES;
  }

  /** Whether so many streams are decoded without barriers. */
  static boolean few(int streams) {
    return streams <= TILE;
  }

  /** What the kernel is compiled with. */
  List<String> definitions() {
    List<String> definitions = new ArrayList<>();
    definitions.add("LAYERS=" + layers);
    definitions.add("HIDDEN=" + hidden);
    definitions.add("UNITS=" + units);
    definitions.add("VOCABULARY=" + vocabulary);
    definitions.add("RESIDUAL=" + (residual ? 1 : 0));
    definitions.add("RELU=" + (relu ? 1 : 0));
    definitions.add("CLUSTER=" + cluster);
    return definitions;
  }
}
