#pragma once

// The product of the forward pass: gh = W_hh h for a block's units, [3][ROWS][UNITS], from the states h of all units,
// which the blocks of a cluster send each other in 16 bits.
//
// A warp has 16 of the 32 units, for each gate, and one of four parts of k. Its weights stay in registers.

#include "inbox.cuh"
#include "mma.cuh"

struct ForwardProduct {
  static constexpr int K_PARTS = WARPS / (UNITS / 16);
  static constexpr int PAIRS = HIDDEN / 32;                // pairs of k16 steps, one for each block of the cluster
  static constexpr int PART_PAIRS = divideUp(PAIRS, K_PARTS);
  static constexpr int SLICE_BYTES = ROWS * UNITS * 2;     // the states of a block, [ROWS][UNITS]
  static constexpr int STRIDE = UNITS + 4;                 // The distance of rows in sums; it avoids bank conflicts.
  static constexpr int SUM_FLOATS = K_PARTS * 3 * TILES * 8 * STRIDE;
  // A tile reads up to seven rows behind the last slice; their sums are not used.
  static constexpr int OPERAND_BYTES = PAIRS * SLICE_BYTES;
  static constexpr int SLACK = 7 * UNITS * 2;
  static constexpr int MEMORY = Inbox<OPERAND_BYTES>::MEMORY + SLACK + SLICE_BYTES + SUM_FLOATS * 4;

  Inbox<OPERAND_BYTES> inbox;
  half_t* own;                                             // the states of this block before they are sent
  float* sums;                                             // [K_PARTS][3][TILES * 8][STRIDE]
  uint4 low[3][PART_PAIRS], high[3][PART_PAIRS];           // A fragments, see mma.cuh

  DEVICE ForwardProduct(unsigned char* memory, const half_t* weights)
      : inbox(memory),
        own((half_t*)(memory + Inbox<OPERAND_BYTES>::MEMORY + SLACK)),
        sums((float*)(memory + Inbox<OPERAND_BYTES>::MEMORY + SLACK + SLICE_BYTES)) {
    int lane = threadIdx.x & 31, unit = inbox.rank() * UNITS + unitTile() * 16 + (lane >> 2);
#pragma unroll
    for (int gate = 0; gate < 3; gate++) {
#pragma unroll
      for (int p = 0; p < PART_PAIRS; p++) {
        const half_t* from = weights + (size_t)(gate * HIDDEN + unit) * HIDDEN + pair(p) * 32 + (lane & 3) * 8;
        low[gate][p] = high[gate][p] = make_uint4(0, 0, 0, 0);
        if (pair(p) >= PAIRS) continue;
        low[gate][p] = *(const uint4*)from;
        high[gate][p] = *(const uint4*)(from + 8 * HIDDEN);
      }
    }
  }

  DEVICE static int unitTile() { return (threadIdx.x >> 5) % (UNITS / 16); }
  DEVICE static int part() { return (threadIdx.x >> 5) / (UNITS / 16); }
  DEVICE static int pair(int p) { return part() * PART_PAIRS + p; }

  // Sets the state of a cell for the next product.
  DEVICE void put(const Cell& cell, half_t state) const {
    if (cell.row < ROWS) own[cell.row * UNITS + cell.unit] = state;
  }

  // Sends the states of this block. A warp sends them to every eighth block.
  DEVICE void send() {
    __syncthreads();
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
#pragma unroll
    for (int i = 0; i < divideUp(SLICE_BYTES, 16 * 32); i++) {
      int offset = (i * 32 + lane) * 16;
      if (offset >= SLICE_BYTES) break;
      uint4 value = *(const uint4*)((const unsigned char*)own + offset);
#pragma unroll
      for (int j = 0; j < divideUp(CLUSTER, WARPS); j++) {
        // Blocks begin with different receivers, so that none gets the states of all at the same time.
        int index = j * WARPS + warp;
        if (index < CLUSTER) inbox.send((index + inbox.rank()) % CLUSTER, inbox.rank() * SLICE_BYTES + offset, value);
      }
    }
    inbox.endMessage();
  }

  // Waits for the states and multiplies. Afterwards, the block reads the sums.
  DEVICE void multiply() {
    const half_t* states = (const half_t*)inbox.receive();
    int lane = threadIdx.x & 31, g = lane >> 2, q = lane & 3;
#pragma unroll
    for (int tile = 0; tile < TILES; tile++) {
      float even[3][4] = {}, odd[3][4] = {};               // Two sums, so that more products are in flight.
#pragma unroll
      for (int p = 0; p < PART_PAIRS; p++) {
        if (pair(p) >= PAIRS) break;
        uint4 b = *(const uint4*)(states + (pair(p) * ROWS + tile * 8 + g) * UNITS + q * 8);
#pragma unroll
        for (int gate = 0; gate < 3; gate++) {
          mmaFirst(even[gate], low[gate][p], high[gate][p], b);
          mmaSecond(odd[gate], low[gate][p], high[gate][p], b);
        }
      }
#pragma unroll
      for (int gate = 0; gate < 3; gate++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          *sum(part(), gate, tile * 8 + q * 2 + i % 2, unitTile() * 16 + i / 2 * 8 + g) = even[gate][i] + odd[gate][i];
        }
      }
    }
    __syncthreads();
  }

  DEVICE float* sum(int part, int gate, int row, int unit) const {
    return sums + ((part * 3 + gate) * TILES * 8 + row) * STRIDE + unit;
  }

  // Returns gh of a cell, without its bias.
  DEVICE float product(int gate, const Cell& cell) const {
    float total = 0;
#pragma unroll
    for (int part = 0; part < K_PARTS; part++) total += *sum(part, gate, cell.row, cell.unit);
    return total;
  }
};
static_assert(ForwardProduct::MEMORY == FORWARD_BYTES, "LayerLayout computes another size");
