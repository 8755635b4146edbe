#pragma once

// The shape of a layer, its distribution over the blocks of a cluster, and the struct that the host writes.
//
// Compile-time definitions of the host:
//   HIDDEN         the number of hidden units, a multiple of 32, at most 512
//   ROWS           the rows of the batch that a cluster computes
//   BFLOAT16       1 if a half is bfloat16, 0 if it is float16
//   PASS_BYTES     the size of Pass
//   FORWARD_BYTES  the size of a block's shared memory, forward
//   BACKWARD_BYTES the same, backward

#include "ptx.cuh"

// Divides and rounds up.
DEVICE constexpr int divideUp(int count, int by) { return (count + by - 1) / by; }

constexpr int WARPS = 8;
constexpr int THREADS = WARPS * 32;
constexpr int UNITS = 32;                         // The units that a block computes, one for each lane.
constexpr int CLUSTER = HIDDEN / UNITS;           // The number of blocks in a cluster.
constexpr int TILES = divideUp(ROWS, 8);          // Tiles of eight rows: the columns of a tensor-core product.
constexpr int CELLS = divideUp(ROWS, WARPS);      // The number of cells, of a unit and a row, that a thread owns.

static_assert(HIDDEN % UNITS == 0 && CLUSTER <= 16, "the layout is not one of LayerLayout.of");

// A pass over a layer. T characters per row, B rows, H hidden units. Every pointer is to device memory.
struct Pass {
  half_t* gates;                                  // [T][B][3H]. Forward: W_ih x, replaced by r, z, n. Backward: those,
                                                  // replaced by da_r, da_z, da_n.
  half_t* hiddenN;                                // [T][B][H]. Forward: receives gh_n. Backward: that, replaced by
                                                  // da_n * r.
  half_t* states;                                 // [T + 1][B][H]. Forward: receives the states, the initial one first.
  const half_t* weights;                          // Forward: W_hh [3H][H]. Backward: its transpose [H][3H].
  const float* biases;                            // b_ih and b_hh, [2][3H]; forward only
  const float* initial;                           // [B][H]; forward only
  float* last;                                    // [B][H], receives the last state; forward only
  const half_t* dy;                               // [T][B][H], the gradients of the outputs; backward only
  const float* continues;                         // [T][B], 0 where the state is reset before a character; or null
  int rows;                                       // B
  int steps;                                      // T
};
static_assert(sizeof(Pass) == PASS_BYTES, "folio.trainer.recurrence.Pass has another size");

// A unit of this block and a row of the batch. The lanes of a warp have neighbouring units of one row.
struct Cell {
  int unit;                                       // within the block
  int row;                                        // within the cluster
  int column;                                     // the unit within the layer
  int batchRow;
  bool exists;                                    // whether the batch has this row

  DEVICE Cell(const Pass& pass, int index) {
    unit = threadIdx.x & 31;
    row = index * WARPS + (threadIdx.x >> 5);
    column = blockIdx.x % CLUSTER * UNITS + unit;
    batchRow = blockIdx.x / CLUSTER * ROWS + row;
    exists = row < ROWS && batchRow < pass.rows;
  }

  // The index of this cell in an array [T][B][H], and of its first gate in one [T][B][3H].
  DEVICE size_t at(const Pass& pass, int t) const { return (t * (size_t)pass.rows + batchRow) * HIDDEN + column; }
  DEVICE size_t gatesAt(const Pass& pass, int t) const {
    return (t * (size_t)pass.rows + batchRow) * (3 * HIDDEN) + column;
  }

  // Returns 0 if the state of this row is reset before a character, else 1.
  DEVICE float continues(const Pass& pass, int t) const {
    return exists && pass.continues != nullptr ? pass.continues[t * (size_t)pass.rows + batchRow] : 1.f;
  }
};
