#pragma once

// NCCL's LL protocol, for small batches. An 8-byte word carries two halves and a flag, which is step + 1
// (small_batch.cuh); 0 belongs to no step. It is written by one store and read as a whole, so a reader that sees a
// word's flag has its data, too. No barrier and no fence is needed; a reader polls until all its words carry its flag.

#include "grid_barrier.cuh"

// Publishes the values of two neighbouring units.
DEVICE void publish(u64* to, float low, float high, unsigned flag) {
  u64 word = toHalf(low) | (unsigned)toHalf(high) << 16 | (u64)flag << 32;
  storeRelaxed(to, word);
}

// A lane's words of this warp's slice of one column: its B fragments, see mma.cuh.
struct LlWords {
  u64 values[SLICE_PAIRS][4];

  // Issues the loads. The words may still carry an earlier flag.
  DEVICE void load(const u64* from, bool wanted) {
    int warp = threadIdx.x >> 5, count = sliceBegin(warp + 1) - sliceBegin(warp);
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
      u64* w = values[i];
      w[0] = w[1] = w[2] = w[3] = 0;
      if (!wanted || i >= count) continue;
      loadRelaxed(w[0], w[1], from + i * 16);
      loadRelaxed(w[2], w[3], from + i * 16 + 2);
    }
  }

  // Loads again until all words of the warp carry the flag, or until the deadline.
  DEVICE void await(GridSync& grid, const u64* from, bool wanted, unsigned flag) {
    int warp = threadIdx.x >> 5, count = sliceBegin(warp + 1) - sliceBegin(warp);
    unsigned spins = 0;
    while (true) {
      bool missing = false;
#pragma unroll
      for (int i = 0; i < SLICE_PAIRS; i++) {
#pragma unroll
        for (int n = 0; n < 4; n++) missing |= wanted && i < count && (unsigned)(values[i][n] >> 32) != flag;
      }
      if (!__any_sync(~0u, missing)) return;
      if (__any_sync(~0u, grid.expired(spins))) return;
      load(from, wanted);
    }
  }

  // Returns the B fragments of a pair of k16 steps.
  DEVICE uint4 fragments(int pair) const {
    return make_uint4((unsigned)values[pair][0], (unsigned)values[pair][1], (unsigned)values[pair][2],
                      (unsigned)values[pair][3]);
  }
};
