#pragma once

// A block of the head: the logits of some streams of each group. Its warps share the k of the logits. A block has every
// HEADS-th tile of a group.

#include "mma.cuh"
#include "pipeline_block.cuh"

constexpr int GROUP_TILES = GROUP / TILE;
constexpr int HEADS = HEAD_BLOCKS < GROUP_TILES ? HEAD_BLOCKS : GROUP_TILES;

DEVICE void PipelineBlock::beginHead() {
  if (!SHARED_HEAD) return;
#pragma unroll 8
  for (int i = threadIdx.x; i < HEAD_ROWS * HIDDEN / 8; i += THREADS) {
    ((uint4*)shared.head)[i] = __ldg((const uint4*)launch.head + i);
  }
}

// Multiplies the head with a tile of eight streams, in this warp's slice of k.
DEVICE void multiplyHead(const PipelineBlock& block, int firstStream) {
  int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, q = lane & 3;
  int first = sliceBegin(warp), pairs = sliceBegin(warp + 1) - first;
  const half_t* stream = block.halves(PipelineBlock::outputIndex(LAYERS - 1), firstStream + g) + first * 32 + q * 8;
  uint4 columns[SLICE_PAIRS];
#pragma unroll
  for (int i = 0; i < SLICE_PAIRS; i++) if (i < pairs) columns[i] = loadPublished(stream + i * 32);
  for (int tile = 0; tile < HEAD_TILES; tile++) {
    float part[4] = {};
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
      if (i >= pairs) break;
      const half_t* rows = SHARED_HEAD ? block.shared.head : block.launch.head;
      rows += ((first + i) * HEAD_ROWS + tile * 16 + g) * 32 + q * 8;
      uint4 low = *(const uint4*)rows, high = *(const uint4*)(rows + 8 * 32);
      mmaFirst(part, low, high, columns[i]);
      mmaSecond(part, low, high, columns[i]);
    }
    float* to = block.shared.partials + (warp * HEAD_ROWS + tile * 16 + g) * TILE + q * 2;
    *(float2*)to = make_float2(part[0], part[1]);
    *(float2*)(to + 8 * TILE) = make_float2(part[2], part[3]);
  }
}

// Runs all steps of the head. Returns early on a timeout.
DEVICE void PipelineBlock::runHead() {
  int head = blockIdx.x - LAYERS * LAYER_BLOCKS;
  if (head >= HEADS) return;
  for (int k = 0; k < launch.steps; k++) {
    for (int g = 0; g < groups; g++) {
      if (!awaitArrivals(LAYERS - 1, g, layerArrivals(k + 1))) return;
      for (int tile = head; tile < GROUP_TILES; tile += HEADS) {
        int firstStream = g * GROUP + tile * TILE;
        multiplyHead(*this, firstStream);
        barrierComputing();
        for (int i = threadIdx.x; i < VOCABULARY * TILE; i += COMPUTING) {
          int id = i / TILE, column = i % TILE;
          const float* from = shared.partials + i;
          float total = from[0];
#pragma unroll
          for (int slice = 1; slice < SLICES; slice++) total += from[slice * HEAD_ROWS * TILE];
          launch.logits[(size_t)(firstStream + column) * HEAD_ROWS + id] = total + __ldg(launch.headBias + id);
        }
        if (tile + HEADS < GROUP_TILES) barrierComputing();  // The next tile overwrites the partial sums.
      }
      passOn(LAYERS, g);
    }
  }
}
