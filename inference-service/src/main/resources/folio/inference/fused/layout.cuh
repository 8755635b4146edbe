#pragma once

// The distribution of the network over the grid of a small or large batch, and the shared memory of a block.
// folio.inference.fused.KernelLayout mirrors this file. The host passes the sizes that it computed, and the assertion at
// the end compares them at every compilation.
//
// Compile-time definitions of the host, besides those of launch.cuh:
//   UNITS          the number of units of a layer that a block computes
//   CLUSTER        the number of blocks that share their reads in a large batch, 1 or 2
//   SHARED_BYTES   the sizes of a block's shared memory for 8, 16, 24, ... slots, separated by commas

#include "arena.cuh"
#include "launch.cuh"

constexpr int WARPS = SLICES;               // A warp has a slice of k, or tiles of streams.
constexpr int THREADS = WARPS * 32;
constexpr int WARP_TILES = 4;               // The largest number of tiles of a warp in a large batch.
constexpr int MAX_SLOTS = WARPS * WARP_TILES * TILE;
constexpr int BLOCKS = HIDDEN / UNITS;
constexpr int ROWS = 3 * UNITS;             // A block's rows of a matrix; row gate * UNITS + unit; gates r, z, n.
constexpr int ROW_TILES = (ROWS + 15) / 16;
constexpr int MATRICES = 2 * LAYERS - 1;    // Two a layer, except the first, whose input product is a table.
constexpr int MATRIX_HALVES = PAIRS * ROWS * 32;
constexpr int TILE_FLOATS = ROWS * TILE;    // A block's sums of one product for one tile, [ROWS][TILE].
constexpr int PEER_FLOATS = (ROWS + 7) / 8 * 8 * TILE;  // The same for the cluster peer; rows round up to eights.

static_assert(HIDDEN % UNITS == 0 && UNITS % 4 == 0 && (CLUSTER == 1 || CLUSTER == 2) && BLOCKS % CLUSTER == 0,
              "the layout is not one of KernelLayout.of");

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
