#pragma once

// A small batch: one tile of up to eight streams. The latency of the exchange between blocks dominates a step, so there
// is no barrier after the first, which separates the initial words from step 0. Blocks publish states and outputs as LL
// words, and start a layer as soon as the words that they read are there.
//
// The words of an output of step k have the flag k + 1, and so have those of the state before step k. A layer's output
// has one buffer. Its state has two, for even and for odd steps. No word is overwritten before all its readers have
// read it. A reader waits for exactly its flag, so an LL word that is overwritten too early shows as a timeout.
//
// 1. In step k, a block publishes nothing of a stream before it has the stream's id before step k: the epilogue of the
//    first layer waits for that id. Warp 0 runs all epilogues, with the same lane for a stream's unit in every layer,
//    so neither the wait nor the lane's states and residual sums in shared memory need a barrier between layers. The
//    block that published the id had read the last layer of step k - 1 from all blocks, whether the id is sampled or
//    forced. And each block had published that layer after all its warps had read the states and outputs that they
//    needed. So an id before step k proves that all blocks have read all states and outputs of the stream in step
//    k - 1.
// 2. An output of step k overwrites that of step k - 1, which by 1. has been read.
// 3. A state that step k computes overwrites the state before step k - 1, which by 1. has been read. It must not
//    overwrite the state before step k, which a slower block may still need. Hence two buffers.
// 4. The id before step k + 1 overwrites the id before step k. All blocks have read the latter: the former depends on
//    what all of them published in step k.

#include "block.cuh"
#include "fragments.cuh"

// A lane's A fragments of this warp's slice of a matrix, and their product.
struct MatrixSlice {
  RowFragments rows[SLICE_PAIRS];

  DEVICE void load(const half_t* matrix) {
    int warp = threadIdx.x >> 5, first = sliceBegin(warp);
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
      rows[i].load(matrix + (first + i) * ROWS * 32, first + i < sliceBegin(warp + 1));
    }
  }

  DEVICE void multiply(float (&sums)[ROW_TILES][4], const LlWords& words) const {
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
#pragma unroll
      for (int tile = 0; tile < ROW_TILES; tile++) {
        mmaFirst(sums[tile], rows[i].low[tile], rows[i].high[tile], words.fragments(i));
        mmaSecond(sums[tile], rows[i].low[tile], rows[i].high[tile], words.fragments(i));
      }
    }
  }
};

struct SmallBatch : Block<true> {
  LlWords stateWords;                              // states of the next layer; loaded ahead of their use

  using Block<true>::Block;

  // Starts to load the states before step 0. All blocks have arrived at the grid barrier.
  DEVICE void start() {
    int column = (threadIdx.x & 31) >> 2;
    stateWords.load(words(stateIndex(0, 0), column) + sliceBegin(threadIdx.x >> 5) * 16 + (threadIdx.x & 3) * 4,
                    shared.lengths[column].steps > 0);
  }

  // Runs the layers of a step. Every warp has one slice of all sums. Returns false on a timeout.
  DEVICE bool runLayers(int k) {
    int t = threadIdx.x, warp = t >> 5, column = (t & 31) >> 2;
    bool wanted = k < shared.lengths[column].steps;
    const u64* laneWords = words(0, column) + sliceBegin(warp) * 16 + (t & 3) * 4;
    const int bufferWords = TILE * HIDDEN / 2;     // the words of one state or output of a layer
    for (int l = 0; l < LAYERS; l++) {
      float input[ROW_TILES][4] = {}, hidden[ROW_TILES][4] = {};
      MatrixSlice slice;
      slice.load(shared.weights + hiddenMatrix(l) * MATRIX_HALVES);
      stateWords.await(grid, laneWords + stateIndex(k, l) * bufferWords, wanted, k + 1);
      slice.multiply(hidden, stateWords);
      storeSums(shared.partials + (warp * 2 + 1) * TILE_FLOATS, hidden);
      LlWords belowWords;
      if (l > 0) belowWords.load(laneWords + outputIndex(l - 1) * bufferWords, wanted);
      stateWords.load(laneWords + (l < LAYERS - 1 ? stateIndex(k, l + 1) : stateIndex(k + 1, 0)) * bufferWords, wanted);
      if (l > 0) {
        slice.load(shared.weights + inputMatrix(l) * MATRIX_HALVES);
        belowWords.await(grid, laneWords + outputIndex(l - 1) * bufferWords, wanted, k + 1);
        slice.multiply(input, belowWords);
      }
      storeSums(shared.partials + warp * 2 * TILE_FLOATS, input);
      float states[UNITS / 4];
      loadStates(states, l, 0);
      __syncthreads();
      addSlices();
      __syncthreads();
      if (warp == 0) gruEpilogue(k, l, 0, states, shared.sums, shared.sums + TILE_FLOATS);  // The other warps continue.
    }
    return !__syncthreads_or(grid.late);
  }

  // Adds the warps' slices, in the order of layout.cuh.
  DEVICE void addSlices() {
    for (int i = threadIdx.x; i < 2 * TILE_FLOATS; i += THREADS) {
      float half[2];
#pragma unroll
      for (int which = 0; which < 2; which++) {
        const float* partial = shared.partials + which * WARPS * TILE_FLOATS + i;
        half[which] = partial[0];
#pragma unroll
        for (int n = 1; n < WARPS / 2; n++) half[which] += partial[n * 2 * TILE_FLOATS];
      }
      shared.sums[i] = half[0] + half[1];
    }
  }

  // A small batch does not use the cluster peer.
  DEVICE void finish() {}

  // Writes the states back.
  DEVICE void storeStates() {
    __syncthreads();
    for (int i = threadIdx.x; i < LAYERS * UNITS * launch.count; i += THREADS) {
      int u = i % UNITS, l = i / UNITS % LAYERS, s = i / (UNITS * LAYERS);
      *launchState(l, u, s) = *state(l, u, s);
    }
  }
};
