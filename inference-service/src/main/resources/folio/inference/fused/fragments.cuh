#pragma once

// The fragments of a block's rows, see mma.cuh.

#include "layout.cuh"
#include "mma.cuh"

// A lane's A fragments of a block's rows, [ROWS][32], for one pair; zeros past the last row.
struct RowFragments {
  uint4 low[ROW_TILES], high[ROW_TILES];

  DEVICE void load(const half_t* rows, bool wanted) {
    int lane = threadIdx.x & 31, g = lane >> 2, q = lane & 3;
#pragma unroll
    for (int tile = 0; tile < ROW_TILES; tile++) {
      const half_t* at = rows + (tile * 16 + g) * 32 + q * 8;
      low[tile] = high[tile] = make_uint4(0, 0, 0, 0);
      if (wanted && tile * 16 + g < ROWS) low[tile] = *(const uint4*)at;
      if (wanted && tile * 16 + 8 + g < ROWS) high[tile] = *(const uint4*)(at + 8 * 32);
    }
  }
};

// Writes a lane's C fragments of a block's rows to [ROWS][TILE].
DEVICE void storeSums(float* to, const float (&sums)[ROW_TILES][4]) {
  int lane = threadIdx.x & 31, g = lane >> 2, q = lane & 3;
#pragma unroll
  for (int tile = 0; tile < ROW_TILES; tile++) {
#pragma unroll
    for (int high = 0; high < 2; high++) {
      int row = tile * 16 + high * 8 + g;
      if (row < ROWS) *(float2*)(to + row * TILE + q * 2) = make_float2(sums[tile][high * 2], sums[tile][high * 2 + 1]);
    }
  }
}
