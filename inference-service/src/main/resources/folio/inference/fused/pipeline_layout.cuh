#pragma once

// The distribution of the network over the grid of the pipeline, and the shared memory of a block.
// folio.inference.fused.PipelineLayout mirrors this file. The host passes the sizes that it computed, and the assertions
// compare them at every compilation.
//
// Compile-time definitions of the host, besides those of launch.cuh:
//   UNITS          the number of units of its layer that a block computes
//   GRID           the number of blocks: those of all layers, then those of the head
//   SHARED_HEAD    1 if the head fits into the shared memory of its blocks, else 0
//   SHARED_BYTES   the size of a block's shared memory
//   COMPUTING_REGISTERS, DRAWING_REGISTERS
//                  the registers of a thread after the start, when the threads that draw have given some of theirs to
//                  those that compute; the host checks that they have enough

#include "arena.cuh"
#include "launch.cuh"

constexpr int GROUP = 64;                   // The streams of a group: the rows of a product of a warpgroup.
constexpr int MAX_SLOTS = 1024;
constexpr int LAYER_BLOCKS = HIDDEN / UNITS;
constexpr int HEAD_BLOCKS = GRID - LAYERS * LAYER_BLOCKS;
constexpr int ROWS = 3 * UNITS;             // A block's rows of a matrix.
constexpr int STEP_HALVES = ROWS * 16;      // A matrix's weights of one k16 step.
constexpr int MATRIX_HALVES = ROWS * HIDDEN;

constexpr int COMPUTING = 256;              // The threads that compute: two warpgroups, or eight warps of the head.
constexpr int DRAWING_WARPS = 4;            // The warps after them, which draw.
constexpr int THREADS = COMPUTING + DRAWING_WARPS * 32;
constexpr int DRAWERS = GRID * DRAWING_WARPS;
constexpr int DRAWN_STREAMS = divideUp(MAX_SLOTS, DRAWERS);  // The largest number of streams of a warp that draws.

constexpr int GROUP_TILES = GROUP / TILE;
constexpr int FRAGMENT = 32 * 8;            // The halves of a pair of k16 steps for a tile.
constexpr int STATE_BUFFERS = 4, OUTPUT_BUFFERS = 3, LOGIT_BUFFERS = 3;  // For the last steps, see pipeline.cu.

constexpr int LANE_SUMS = ROWS / 2;         // A lane's sums of a product: two streams, a quarter of the rows.
constexpr int STREAM_SUMS = LANE_SUMS / 2;  // Those of one of its streams.

static_assert(HIDDEN % UNITS == 0 && UNITS % 8 == 0 && UNITS <= 32 && HEAD_BLOCKS > 0,
              "the layout is not one of PipelineLayout.of");

// The dynamic shared memory of a block. A block of a layer has the first part, one of the head the second. Every block
// draws.
struct PipelineMemory {
  half_t* weights = nullptr;                // layer: input and hidden matrix, each [k16 step][ROWS / 8][2][8][8]
  float2* exchanged = nullptr;              // layer: [2][STREAM_SUMS / 2][128], sums for the other warpgroup
  float* bias = nullptr;                    // layer: [2][3][UNITS]
  half_t* head = nullptr;                   // head: [pair][HEAD_ROWS][32], if it fits
  float* partials = nullptr;                // head: [SLICES][HEAD_ROWS][TILE]
  int* tileSteps = nullptr;                 // [MAX_SLOTS / TILE], the largest number of steps of a stream of a tile
  int* groupSteps = nullptr;                // [MAX_SLOTS / GROUP]
  double* drawnWeights = nullptr;           // [DRAWING_WARPS][HEAD_ROWS]
  Stream* drawnStreams = nullptr;           // [DRAWING_WARPS][DRAWN_STREAMS]

  template <typename Arena>
  DEVICE constexpr void layOut(Arena& arena, bool isHead) {
    if (isHead) {
      arena.take(head, SHARED_HEAD ? HEAD_ROWS * HIDDEN : 0);
      arena.take(partials, SLICES * HEAD_ROWS * TILE);
    } else {
      arena.take(weights, 2 * MATRIX_HALVES);
      arena.take(exchanged, COMPUTING * STREAM_SUMS / 2);
      arena.take(bias, 2 * ROWS);
    }
    arena.take(tileSteps, MAX_SLOTS / TILE);
    arena.take(groupSteps, MAX_SLOTS / GROUP);
    arena.take(drawnWeights, DRAWING_WARPS * HEAD_ROWS);
    arena.take(drawnStreams, DRAWING_WARPS * DRAWN_STREAMS);
  }
};

// Returns the size of the shared memory, or -1 if an array is not aligned.
DEVICE constexpr int sharedBytes(bool isHead) {
  CountingArena arena;
  PipelineMemory memory;
  memory.layOut(arena, isHead);
  return arena.aligned ? arena.bytes : -1;
}
static_assert(sharedBytes(false) > 0 && sharedBytes(true) > 0, "an array is not aligned");
static_assert((sharedBytes(false) > sharedBytes(true) ? sharedBytes(false) : sharedBytes(true)) == SHARED_BYTES,
              "PipelineLayout.sharedBytes differs from PipelineMemory::layOut");
