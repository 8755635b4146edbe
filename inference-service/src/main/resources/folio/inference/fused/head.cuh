#pragma once

// The end of a step: the logits of every stream, and its next id. Block b has the streams b, b + blocks, b + 2 * blocks
// and so on. Its warps share the k of the logits, and then every warp samples for one stream.

#include "block.cuh"
#include "fragments.cuh"
#include "sampler.cuh"

// The number of tiles of the head whose loads a lane has in flight. The head is too large for shared memory.
constexpr int HEAD_PREFETCH = 10 / SLICE_PAIRS;
static_assert(HEAD_PREFETCH > 0, "HIDDEN is too large");

// A lane's A fragments of 16 rows of the head, for this warp's slice of k.
struct HeadTile {
  uint4 rows[SLICE_PAIRS][2];                      // row g, row g + 8

  DEVICE void load(const half_t* head, int tile) {
    int lane = threadIdx.x & 31, first = sliceBegin(threadIdx.x >> 5);
    int count = sliceBegin((threadIdx.x >> 5) + 1) - first;
    const half_t* from = head + ((size_t)first * HEAD_ROWS + tile * 16 + (lane >> 2)) * 32 + (lane & 3) * 8;
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
      if (i >= count) break;
#pragma unroll
      for (int n = 0; n < 2; n++) loadConstant(rows[i][n], from + (i * HEAD_ROWS + n * 8) * 32);
    }
  }

  // Multiplies with a single column, which the first four lanes hold: only column 0 of the product is used.
  DEVICE void multiply(float* to, int tile, const uint4 (&column)[SLICE_PAIRS]) const {
    int lane = threadIdx.x & 31, count = sliceBegin((threadIdx.x >> 5) + 1) - sliceBegin(threadIdx.x >> 5);
    float part[4] = {};
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
      if (i >= count) continue;
      mmaFirst(part, rows[i][0], rows[i][1], column[i]);
      mmaSecond(part, rows[i][0], rows[i][1], column[i]);
    }
    if ((lane & 3) == 0) {
      to[tile * 16 + (lane >> 2)] = part[0];
      to[tile * 16 + 8 + (lane >> 2)] = part[2];
    }
  }
};

// Loads this warp's slice of the head's input of a stream, as B fragments in the first four lanes.
template <bool SMALL>
DEVICE void Block<SMALL>::headColumn(uint4 (&column)[SLICE_PAIRS], int k, int s) {
  int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, first = sliceBegin(warp), pairs = sliceBegin(warp + 1) - first;
  if (SMALL) {
    LlWords output;
    const u64* laneWords = words(outputIndex(LAYERS - 1), s) + first * 16 + (lane & 3) * 4;
    output.load(laneWords, lane < 4);
    output.await(grid, laneWords, lane < 4, k + 1);
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) column[i] = output.fragments(i);
  } else {
    const half_t* from = streamHalves(outputIndex(LAYERS - 1), s) + first * 32 + lane * 8;
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
      column[i] = make_uint4(0, 0, 0, 0);
      if (lane < 4 && i < pairs) column[i] = loadPublished(from + i * 32);
    }
  }
}

// Samples a stream's next id, by one warp.
template <bool SMALL>
DEVICE void Block<SMALL>::sampleNext(int k, int s, int sampler) {
  int at = sampler * HEAD_ROWS;
  const Stream& stream = launch.streams[s];
  int position = stream.position + k - stream.forced;
  const unsigned* seen = launch.seen + (size_t)s * SEEN_WORDS;
  const float* logits = shared.logits + at;
  auto logit = [&](int id) { return drawnLogit(launch, id, logits[id]); };
  int id = sample(stream, position, logit, shared.sampleWeights + at, seen);
  if ((threadIdx.x & 31) == 0) recordId(k, s, id);
}

template <bool SMALL>
DEVICE void Block<SMALL>::recordId(int k, int s, int id) {
  launch.seen[(size_t)s * SEEN_WORDS + (id >> 5)] |= 1u << (id & 31);
  launch.idsOut[(size_t)s * launch.steps + k] = id;
  GridSync::publishId(launch.current + s, k + 1, id);
}

// Determines the next id of every stream of this block. A forced id is published no earlier than a sampled one could
// be, so that no LL word is overwritten too early: see small_batch.cuh. Returns false on a timeout.
template <bool SMALL>
DEVICE bool Block<SMALL>::nextIds(int k) {
  int t = threadIdx.x, warp = t >> 5, count = launch.count, blocks = gridDim.x;
  HeadTile tiles[HEAD_PREFETCH];
  auto load = [&](int from) {
#pragma unroll
    for (int i = 0; i < HEAD_PREFETCH; i++) if (from + i < HEAD_TILES) tiles[i].load(launch.head, from + i);
  };
  if ((int)blockIdx.x < count) load(0);            // Other blocks still compute the last layer.
  if (!SMALL && !grid.wait()) return false;
  for (int begin = blockIdx.x; begin < count; begin += samplers * blocks) {
    for (int sampler = 0; sampler < samplers; sampler++) {
      int s = begin + sampler * blocks;
      if (s >= count || k >= shared.lengths[s].steps) continue;
      uint4 column[SLICE_PAIRS];
      headColumn(column, k, s);
      if (k < shared.lengths[s].forced) {
        if (__syncthreads_or(grid.late)) return false;
        if (t == 0) recordId(k, s, launch.forced[launch.streams[s].forcedFrom + k]);
        continue;
      }
      for (int from = 0; from < HEAD_TILES; from += HEAD_PREFETCH) {
        if (HEAD_TILES > HEAD_PREFETCH && (from > 0 || s != (int)blockIdx.x)) load(from);
#pragma unroll
        for (int i = 0; i < HEAD_PREFETCH; i++) {
          if (from + i < HEAD_TILES) tiles[i].multiply(shared.partials + warp * HEAD_ROWS, from + i, column);
        }
      }
      if (__syncthreads_or(grid.late)) return false;
      float* out = logitsFor(launch, launch.streams[s], k);
      for (int id = t; id < VOCABULARY; id += THREADS) {
        float total = shared.partials[id];
#pragma unroll
        for (int slice = 1; slice < WARPS; slice++) total += shared.partials[slice * HEAD_ROWS + id];
        total += __ldg(launch.headBias + id);
        shared.logits[sampler * HEAD_ROWS + id] = total;
        if (out) out[id] = total;
      }
      __syncthreads();
    }
    int s = begin + warp * blocks;
    if (warp < samplers && s < count && k < shared.lengths[s].steps && k >= shared.lengths[s].forced) {
      sampleNext(k, s, warp);
    }
    if (begin + samplers * blocks < count) __syncthreads();  // The next round overwrites the logits.
  }
  if (!SMALL) grid.arrive();
  return true;
}
