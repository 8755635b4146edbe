#pragma once

// The product of the backward pass: dL/dh = dgh W_hh, [ROWS][HIDDEN], where dgh [ROWS][3 * HIDDEN] are the gradients of
// the gates. A block has dgh of its own units. It multiplies them with its rows of W_hh, and sends each block the sums
// of that block's units in float32. Each block then adds what it has received from all.
//
// A warp has one of eight parts of the HIDDEN sums. Its weights stay in registers.

#include "inbox.cuh"
#include "mma.cuh"

struct BackwardProduct {
  static constexpr int OUTPUT_TILES = HIDDEN / 16;
  static constexpr int WARP_TILES = divideUp(OUTPUT_TILES, WARPS);
  static constexpr int SOURCE_FLOATS = 2 * TILES * 128;    // what a block sends to a block, see place
  static constexpr int OPERAND_HALVES = 3 * TILES * 8 * UNITS;
  static constexpr int MESSAGE_BYTES = CLUSTER * SOURCE_FLOATS * 4;
  static constexpr int MEMORY = Inbox<MESSAGE_BYTES>::MEMORY + OPERAND_HALVES * 2;

  Inbox<MESSAGE_BYTES> inbox;
  half_t* own;                                             // dgh of this block, [3][TILES * 8][UNITS]
  const float* sums;                                       // what this block has received, [CLUSTER][SOURCE_FLOATS]
  uint4 low[WARP_TILES][3], high[WARP_TILES][3];           // A fragments of the transposed weight, see mma.cuh

  DEVICE BackwardProduct(unsigned char* memory, const half_t* transposed)
      : inbox(memory), own((half_t*)(memory + Inbox<MESSAGE_BYTES>::MEMORY)), sums(nullptr) {
    int lane = threadIdx.x & 31;
#pragma unroll
    for (int i = 0; i < WARP_TILES; i++) {
#pragma unroll
      for (int gate = 0; gate < 3; gate++) {
        low[i][gate] = high[i][gate] = make_uint4(0, 0, 0, 0);
        if (outputTile(i) >= OUTPUT_TILES) continue;
        const half_t* from = transposed + (size_t)(outputTile(i) * 16 + (lane >> 2)) * (3 * HIDDEN) + gate * HIDDEN +
                             inbox.rank() * UNITS + (lane & 3) * 8;
        low[i][gate] = *(const uint4*)from;
        high[i][gate] = *(const uint4*)(from + 8 * 3 * HIDDEN);
      }
    }
  }

  DEVICE static int outputTile(int i) { return (threadIdx.x >> 5) * WARP_TILES + i; }

  // Returns the place of a lane's four sums in what its block sends: two tiles of 16 units, each with TILES tiles of
  // eight rows, each with 32 lanes. The lanes' order avoids bank conflicts when a warp reads 32 units of a row.
  DEVICE static int place(int unitTile, int rowTile, int g, int q) {
    return (unitTile * TILES + rowTile) * 128 + (q * 8 + g) * 4;
  }

  // Sets the gradient of a gate of a cell for the next product.
  DEVICE void put(int gate, const Cell& cell, half_t gradient) const {
    if (cell.row < ROWS) own[(gate * TILES * 8 + cell.row) * UNITS + cell.unit] = gradient;
  }

  // Multiplies and sends the sums.
  DEVICE void multiplyAndSend() {
    __syncthreads();
    int lane = threadIdx.x & 31, g = lane >> 2, q = lane & 3;
#pragma unroll
    for (int rowTile = 0; rowTile < TILES; rowTile++) {
      float total[WARP_TILES][4] = {};
#pragma unroll
      for (int gate = 0; gate < 3; gate++) {
        uint4 b = *(const uint4*)(own + ((gate * TILES + rowTile) * 8 + g) * UNITS + q * 8);
#pragma unroll
        for (int i = 0; i < WARP_TILES; i++) mmaFirst(total[i], low[i][gate], high[i][gate], b);
#pragma unroll
        for (int i = 0; i < WARP_TILES; i++) mmaSecond(total[i], low[i][gate], high[i][gate], b);
      }
#pragma unroll
      for (int i = 0; i < WARP_TILES; i++) {
        if (outputTile(i) >= OUTPUT_TILES) break;
        int offset = inbox.rank() * SOURCE_FLOATS + place(outputTile(i) % 2, rowTile, g, q);
        inbox.send(outputTile(i) / 2, offset * 4,
                   make_uint4(__float_as_uint(total[i][0]), __float_as_uint(total[i][1]), __float_as_uint(total[i][2]),
                              __float_as_uint(total[i][3])));
      }
    }
    inbox.endMessage();
  }

  // Waits for the sums of all blocks.
  DEVICE void receive() { sums = (const float*)inbox.receive(); }

  // Returns dL/dh of a cell.
  DEVICE float product(const Cell& cell) const {
    if (cell.row >= ROWS) return 0;
    int at = place(cell.unit / 16, cell.row / 8, cell.unit % 8, cell.row % 8 / 2) + cell.unit / 8 % 2 * 2 + cell.row % 2;
    float total = 0;
#pragma unroll
    for (int source = 0; source < CLUSTER; source++) total += sums[source * SOURCE_FLOATS + at];
    return total;
  }
};
static_assert(BackwardProduct::MEMORY == BACKWARD_BYTES, "LayerLayout computes another size");
