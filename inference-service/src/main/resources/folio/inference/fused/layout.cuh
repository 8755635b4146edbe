#pragma once

// The shape of the network and its distribution over the grid, the structs that the host writes, and the shared memory
// of a block. folio.inference.fused.KernelLayout, StreamStruct and LaunchStruct mirror this file. The host passes the
// sizes that it computed, and the assertions below compare them at every compilation.
//
// Compile-time definitions of the host:
//   LAYERS, HIDDEN, VOCABULARY   the shape of the network
//   RESIDUAL                     1 if layers above the first add their input to their output, else 0
//   RELU                         1 if the head's input is rectified, else 0
//   UNITS                        the number of units of a layer that a block computes
//   CLUSTER                      the number of blocks that share their reads in a large batch, 1 or 2
//   STREAM_BYTES, LAUNCH_BYTES   the sizes of Stream and Launch
//   SHARED_BYTES                 the sizes of a block's shared memory for 8, 16, 24, ... slots, separated by commas

#include "ptx.cuh"

// Divides and rounds up.
DEVICE constexpr unsigned divideUp(unsigned count, unsigned by) { return (count + by - 1) / by; }

constexpr int WARPS = 8;
constexpr int THREADS = WARPS * 32;
constexpr int TILE = 8;                     // The streams of a tile: the columns of a tensor-core product.
constexpr int WARP_TILES = 4;               // The largest number of tiles of a warp in a large batch.
constexpr int MAX_SLOTS = WARPS * WARP_TILES * TILE;
constexpr int BLOCKS = HIDDEN / UNITS;
constexpr int ROWS = 3 * UNITS;             // A block's rows of a matrix; row gate * UNITS + unit; gates r, z, n.
constexpr int ROW_TILES = (ROWS + 15) / 16;
constexpr int MATRICES = 2 * LAYERS - 1;    // Two a layer, except the first, whose input product is a table.
constexpr int PAIRS = HIDDEN / 32;          // Pairs of k16 steps in HIDDEN. See mma.cuh.
constexpr int HALF_PAIRS = PAIRS / 2;       // Pairs in one half of k.
constexpr int SLICE_PAIRS = (PAIRS + WARPS - 1) / WARPS;  // The largest number of pairs in a slice of k.
constexpr int MATRIX_HALVES = PAIRS * ROWS * 32;
constexpr int HEAD_TILES = (VOCABULARY + 15) / 16;
constexpr int HEAD_ROWS = HEAD_TILES * 16;
constexpr int SEEN_WORDS = (VOCABULARY + 31) / 32;
constexpr int TILE_FLOATS = ROWS * TILE;    // A block's sums of one product for one tile, [ROWS][TILE].
constexpr int PEER_FLOATS = (ROWS + 7) / 8 * 8 * TILE;  // The same for the cluster peer; rows round up to eights.

static_assert(HIDDEN % 64 == 0 && HIDDEN % UNITS == 0 && UNITS % 4 == 0 && (CLUSTER == 1 || CLUSTER == 2) &&
                  BLOCKS % CLUSTER == 0,
              "the layout is not one of KernelLayout.of");

// A sum over k is split into eight slices, one for a warp: half 0 is the slices 0 to 3, half 1 the slices 4 to 7. The
// order of additions is fixed: a half is the sum of its slices in their order, and the result is half 0 + half 1, or in
// the second block of a cluster half 1 + half 0, which is the same to the last bit. Every path in small_batch.cuh and
// large_batch.cuh keeps the order, so all of them give the same bits. The head adds the eight slices one by one.
DEVICE constexpr int sliceBegin(int slice) { return slice * PAIRS / WARPS; }

// Returns whether a pair, counted within its half, is the last of a slice.
DEVICE constexpr bool endsSlice(int pair) {
  for (int slice = 1; slice <= WARPS / 2; slice++) {
    if (sliceBegin(slice) == pair + 1) return true;
  }
  return false;
}

// One stream. The host writes it before a launch. A step leads from one id to the next. That id is forced, for instance
// one of a prompt, or sampled.
struct Stream {
  long long seed;
  double temperature;                       // 0: greedy
  double topP, minP, repetitionPenalty;
  int topK;
  int lastId;                               // the id before the first step
  int position;                             // the number of ids sampled with this seed before
  int length;                               // the number of steps, at most the launch's
  int forcedFrom, forced;                   // index of the first forced id in the launch's, and their number
};
static_assert(sizeof(Stream) == STREAM_BYTES, "StreamStruct has another size");

// The kernel's parameter. Every pointer is to device memory.
struct Launch {
  const half_t* weights;                    // [block][matrix][pair][row][32]; hidden 0, input 1, hidden 1, ...
  const float* table;                       // [VOCABULARY][3][HIDDEN], input product and bias of the first layer
  const float* biases;                      // [LAYERS][2][3][HIDDEN], input (unused for the first layer) and hidden
  const half_t* head;                       // [pair][HEAD_ROWS][32]
  const float* headBias;                    // [VOCABULARY]
  float* states;                            // [slot][LAYERS][HIDDEN], read and written
  half_t* outputs;                          // [3 * LAYERS][slots][HIDDEN]: states before even and before odd steps,
                                            // layer outputs; small batch: LL words, [3 * LAYERS][8][HIDDEN / 2]
  const Stream* streams;                    // [count]
  const int* forced;                        // forced ids of all streams, see Stream
  unsigned* seen;                           // [count][SEEN_WORDS], a bit for each id that occurred; read, written
  int* current;                             // [count], scratch: see GridSync::awaitId
  int* idsOut;                              // [count][steps], forced ids included
  float* logitsOut;                         // [steps][count][VOCABULARY], or null
  unsigned* control;                        // [0] counts arrivals at the barrier, [1] becomes 1 on a timeout; both must
                                            // be 0 before. [2] receives block 0's duration in ns, mod 2^32
  u64 timeoutNanos;                         // the longest time that the launch may take
  int count, slots, steps;                  // streams; streams rounded up to whole tiles; steps, below 2^16, and
                                            // (steps + 1) * VOCABULARY <= 2^31. The host's MAX_STEPS is 256.
};
static_assert(sizeof(Launch) == LAUNCH_BYTES, "LaunchStruct has another size");

// Returns the number of warps of a block that sample at the same time, each for one stream.
DEVICE constexpr int samplersFor(int slots, unsigned blocks) {
  return divideUp(slots, blocks) < WARPS ? divideUp(slots, blocks) : WARPS;
}

struct StreamLength {
  unsigned short steps, forced;             // of the steps, the first ones are forced; 0 in an empty slot
};

// The dynamic shared memory of a block.
template <bool SMALL>
struct SharedMemory {
  half_t* weights = nullptr;                // [matrix][pair][row][32]; in a cluster, half of the pairs, and each
                                            // pair's rows are followed by the peer's rows of it
  double* sampleWeights = nullptr;          // [samplers][HEAD_ROWS]
  float* below = nullptr;                   // [UNITS][slots], float32 outputs of the layer below, for the residual sum;
                                            // the epilogue replaces them with its own layer's, without the ReLU
  float* bias = nullptr;                    // [LAYERS][2][3][UNITS]
  float* logits = nullptr;                  // [samplers][HEAD_ROWS]
  StreamLength* lengths = nullptr;          // [slots]
  float* partials = nullptr;                // [WARPS][HEAD_ROWS]; small batch: or [WARPS][2][TILE_FLOATS]
  float* states = nullptr;                  // small batch: [LAYERS][UNITS][slots]
  float* sums = nullptr;                    // small batch: [2][TILE_FLOATS], input and hidden sums of the tile
  u64* mbarriers = nullptr;                 // large batch: [WARPS], see cluster_peer.cuh
  float* received = nullptr;                // large batch: [tiles of a warp][WARPS][2][PEER_FLOATS], the input and
                                            // hidden sums from the peer; without a peer, scratch for one tile a warp

  // Takes every array from an arena: from memory on the device, or from a counter at compile time.
  template <typename Arena>
  DEVICE constexpr void layOut(Arena& arena, int slots, int samplers) {
    arena.take(weights, MATRICES * MATRIX_HALVES);
    arena.take(sampleWeights, samplers * HEAD_ROWS);
    arena.take(below, UNITS * slots);
    arena.take(bias, LAYERS * 6 * UNITS);
    arena.take(logits, samplers * HEAD_ROWS);
    arena.take(lengths, slots);
    arena.take(partials, (SMALL && 2 * TILE_FLOATS > HEAD_ROWS ? 2 * TILE_FLOATS : HEAD_ROWS) * WARPS);
    if (SMALL) {
      arena.take(states, LAYERS * UNITS * slots);
      arena.take(sums, 2 * TILE_FLOATS);
    } else {
      int warpTiles = CLUSTER == 1 ? 1 : (slots + WARPS * TILE - 1) / (WARPS * TILE);
      arena.take(mbarriers, WARPS);
      arena.take(received, warpTiles * WARPS * 2 * PEER_FLOATS);
    }
  }
};

struct DeviceArena {
  unsigned char* next;

  template <typename T>
  DEVICE void take(T*& array, int count) {
    array = (T*)next;
    next = (unsigned char*)(array + count);
  }
};

struct CountingArena {
  int bytes = 0;
  bool aligned = true;                      // to eight bytes, which doubles, vectors of two floats and mbarriers need;
                                            // the weights need 16 bytes and come first

  template <typename T>
  DEVICE constexpr void take(T*& array, int count) {
    aligned &= bytes % 8 == 0;
    bytes += (int)sizeof(T) * count;
  }
};

// Returns the size of the shared memory in a grid of BLOCKS blocks, or -1 if an array is not aligned.
template <bool SMALL>
DEVICE constexpr int sharedBytes(int slots) {
  CountingArena arena;
  SharedMemory<SMALL> memory;
  memory.layOut(arena, slots, samplersFor(slots, BLOCKS));
  return arena.aligned ? arena.bytes : -1;
}

// Returns whether KernelLayout.sharedBytes gives the size of the shared memory for every number of slots.
DEVICE constexpr bool sharedBytesMatchTheHost() {
  constexpr int bytes[] = {SHARED_BYTES};
  if (sizeof(bytes) / sizeof(bytes[0]) != MAX_SLOTS / TILE) return false;
  for (int slots = TILE; slots <= MAX_SLOTS; slots += TILE) {
    if ((slots == TILE ? sharedBytes<true>(slots) : sharedBytes<false>(slots)) != bytes[slots / TILE - 1]) return false;
  }
  return true;
}
static_assert(sharedBytesMatchTheHost(), "KernelLayout.sharedBytes differs from SharedMemory::layOut");
