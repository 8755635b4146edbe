package folio.inference.fused;

import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.runtime.cuda.CudaDevice;
import java.util.List;
import java.util.Optional;

/**
 * The distribution of a network over the blocks of the pipeline, the form of the persistent kernel
 * for many streams: every block holds the weights of some units of one layer. It mirrors {@code
 * pipeline_layout.cuh}.
 *
 * @param layers L
 * @param hidden H
 * @param vocabulary V
 * @param residual whether layers above the first add their input to their output
 * @param relu whether the head's input is rectified
 * @param units number of units of its layer that a block computes
 * @param blocks number of blocks of a launch: those of all layers, then those of the head
 * @param sharedHead whether the head's weights are in the shared memory of its blocks
 */
record PipelineLayout(
    int layers,
    int hidden,
    int vocabulary,
    boolean residual,
    boolean relu,
    int units,
    int blocks,
    boolean sharedHead) {
  /** The largest number of streams of a launch. */
  static final int MAX_SLOTS = 1_024;

  /** The number of threads of a block. */
  static final int THREADS = 384;

  /** The number of streams that a block takes at once: {@code m} of wgmma. */
  static final int GROUP = 64;

  /** The architecture with wgmma. */
  private static final int ARCHITECTURE = 90;

  private static final int GATES = 3;

  /** The divisor of the number of units of a block. */
  private static final int UNITS_STEP = 8;

  /** The largest number of units of a block. */
  private static final int MAX_UNITS = 32;

  /** The divisor of the hidden size: halves have whole pairs of k16 steps. */
  private static final int HIDDEN_STEP = 64;

  /** The largest number of blocks of the head, which share the tiles of a group. */
  private static final int MAX_HEAD_BLOCKS = GROUP / KernelLayout.TILE;

  /** The registers of a thread that computes, after those that draw have given some of theirs. */
  private static final int COMPUTING_REGISTERS = 216;

  /** The registers of a thread that draws. */
  private static final int DRAWING_REGISTERS = 72;

  private static final int COMPUTING_THREADS = 256;
  private static final int DRAWING_WARPS = (THREADS - COMPUTING_THREADS) / 32;
  private static final int SLICES = 8;

  /** The number of buffers of states, outputs and logits: one for each of the last steps. */
  private static final int STATE_BUFFERS = 4;

  private static final int OUTPUT_BUFFERS = 3;
  private static final int LOGIT_BUFFERS = 3;

  /**
   * Returns a layout for a network with the fewest units per block, or empty if the GPU has no
   * wgmma or the network does not fit. The head is in shared memory if it fits.
   */
  static Optional<PipelineLayout> of(CharGruConfig network, CudaDevice gpu) {
    int hidden = network.hiddenSize();
    if (gpu.architecture() != ARCHITECTURE || !gpu.cooperative() || hidden % HIDDEN_STEP != 0) {
      return Optional.empty();
    }
    for (int units = UNITS_STEP; units <= MAX_UNITS; units += UNITS_STEP) {
      int layerBlocks = network.layers() * (hidden / units);
      int headBlocks = Math.min(MAX_HEAD_BLOCKS, gpu.multiprocessors() - layerBlocks);
      for (boolean sharedHead : new boolean[] {true, false}) {
        PipelineLayout layout =
            new PipelineLayout(
                network.layers(),
                hidden,
                network.vocabularySize(),
                network.network() == NetworkKind.RESIDUAL,
                network.headActivation() == Nonlinearity.RELU,
                units,
                layerBlocks + headBlocks,
                sharedHead);
        if (hidden % units == 0 && headBlocks > 0 && layout.sharedBytes() <= gpu.sharedBytes()) {
          return Optional.of(layout);
        }
      }
    }
    return Optional.empty();
  }

  /** Returns the number of blocks of a layer. */
  int layerBlocks() {
    return hidden / units;
  }

  /** Returns the number of rows of a matrix that a block holds. */
  int rows() {
    return GATES * units;
  }

  /** Returns the number of rows of the head, rounded up to whole tensor-core products. */
  int headRows() {
    return KernelLayout.headRows(vocabulary);
  }

  /** Returns the fewest registers with which threads must start, to have enough to give. */
  static int registers() {
    int drawing = DRAWING_REGISTERS * (THREADS - COMPUTING_THREADS);
    return (COMPUTING_REGISTERS * COMPUTING_THREADS + drawing) / THREADS;
  }

  /** Returns a number of streams rounded up to whole groups. */
  static int wholeGroups(int streams) {
    return (streams + GROUP - 1) / GROUP * GROUP;
  }

  /** Returns the size of the global memory in which blocks publish states and outputs. */
  long outputBytes(int slots) {
    int buffers = STATE_BUFFERS + OUTPUT_BUFFERS;
    return (long) buffers * layers * wholeGroups(slots) * hidden * Short.BYTES;
  }

  /** Returns the size of the float32 states in the order of the threads that compute them. */
  long ownStateBytes(int slots) {
    return (long) layers * wholeGroups(slots) * hidden * Float.BYTES;
  }

  /** Returns the size of the float32 outputs with their tags, for even and for odd steps. */
  long residualBytes(int slots) {
    return 2L * wholeGroups(slots) * hidden * (Float.BYTES + Integer.BYTES);
  }

  /** Returns the size of the logits of all streams. */
  long logitsBytes(int slots) {
    return (long) LOGIT_BUFFERS * wholeGroups(slots) * headRows() * Float.BYTES;
  }

  /**
   * Returns the dynamic shared memory of a block in bytes, as {@code PipelineMemory::layOut}
   * assigns it.
   */
  int sharedBytes() {
    int weights = 2 * rows() * hidden * Short.BYTES;
    int exchanged = COMPUTING_THREADS * rows() / 4 * Float.BYTES;
    int biases = 2 * rows() * Float.BYTES;
    int head = sharedHead ? headRows() * hidden * Short.BYTES : 0;
    int partials = SLICES * headRows() * KernelLayout.TILE * Float.BYTES;
    int drawers = blocks * DRAWING_WARPS;
    int drawnStreams = (MAX_SLOTS + drawers - 1) / drawers;
    int drawer = headRows() * Double.BYTES + drawnStreams * StreamStruct.BYTES;
    int steps = (MAX_SLOTS / KernelLayout.TILE + MAX_SLOTS / GROUP) * Integer.BYTES;
    return Math.max(weights + exchanged + biases, head + partials) + steps + DRAWING_WARPS * drawer;
  }

  /**
   * Returns the macros that describe this layout to the kernel, each {@code NAME=VALUE}. The kernel
   * asserts that its shared memory has the size of {@link #sharedBytes}.
   */
  List<String> definitions() {
    return List.of(
        "LAYERS=" + layers,
        "HIDDEN=" + hidden,
        "VOCABULARY=" + vocabulary,
        "RESIDUAL=" + (residual ? 1 : 0),
        "RELU=" + (relu ? 1 : 0),
        "UNITS=" + units,
        "GRID=" + blocks,
        "SHARED_HEAD=" + (sharedHead ? 1 : 0),
        "SHARED_BYTES=" + sharedBytes(),
        "COMPUTING_REGISTERS=" + COMPUTING_REGISTERS,
        "DRAWING_REGISTERS=" + DRAWING_REGISTERS);
  }
}
