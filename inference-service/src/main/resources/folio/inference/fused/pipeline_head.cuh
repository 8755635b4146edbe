#pragma once

// A block of the head: the logits of some streams of each group. Its warps share the k of the logits. A block has every
// HEADS-th tile of a group.

#include "mma.cuh"
#include "pipeline_block.cuh"

constexpr int HEADS = HEAD_BLOCKS < GROUP_TILES ? HEAD_BLOCKS : GROUP_TILES;

DEVICE void PipelineBlock::beginHead() {
  if (!SHARED_HEAD) return;
#pragma unroll 8
  for (int i = threadIdx.x; i < HEAD_ROWS * HIDDEN / 8; i += THREADS) {
    ((uint4*)shared.head)[i] = __ldg((const uint4*)launch.head + i);
  }
}

// Multiplies the head with a tile of eight streams, in this warp's slice of k.
DEVICE void multiplyHead(PipelineBlock& block, int k, int streamTile) {
  int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, q = lane & 3;
  int first = sliceBegin(warp), pairs = sliceBegin(warp + 1) - first;
  const uint4* from = (const uint4*)(block.outputs(k, LAYERS - 1, streamTile) + first * 2 * FRAGMENT) + lane;
  uint4 columns[SLICE_PAIRS];
  unsigned spins = 0;
  bool missing;
  do {
    missing = false;
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) if (i < pairs) columns[i] = loadRelaxed(from + i * 2 * FRAGMENT / 8);
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) if (i < pairs) missing |= isEmpty(columns[i]);
  } while (missing && !block.grid.expired(spins));
  __syncwarp();
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
  Turn turn = {0, -1};
  for (int k = 0; advance(turn); k = turn.step) {
    if (turn.step > k) fenceAcquire();             // Once a step, see pipeline.cu.
    for (int tile = turn.group * GROUP_TILES + head; tile < (turn.group + 1) * GROUP_TILES; tile += HEADS) {
      if (turn.step >= shared.tileSteps[tile]) continue;
      multiplyHead(*this, turn.step, tile);
      if (barrierComputingOr(grid.late)) return;
      for (int i = threadIdx.x; i < VOCABULARY * TILE; i += COMPUTING) {
        int id = i / TILE, s = tile * TILE + i % TILE;
        const float* from = shared.partials + i;
        float total = from[0];
#pragma unroll
        for (int slice = 1; slice < SLICES; slice++) total += from[slice * HEAD_ROWS * TILE];
        unsigned* to = (unsigned*)logits(turn.step, s) + id;
        storeRelaxed(to, __float_as_uint(total + __ldg(launch.headBias + id)));
        storeRelaxed((unsigned*)logits(turn.step + LOGIT_BUFFERS - 1, s) + id, EMPTY);
      }
      barrierComputing();                          // The next tile overwrites the partial sums.
    }
  }
}
