#pragma once

// The warps that draw, in every block: each has every DRAWERS-th stream. Draws take longer than the layers of a group, so
// they run beside them. The draws of the last step are the end of a launch.

#include "pipeline_head.cuh"
#include "sampler.cuh"

// Waits for the logits of a stream and copies them into a warp's shared memory. It first waits for one of the outputs that
// they come from, so that few warps poll all logits at a time. Returns false if the warp has timed out.
DEVICE bool awaitLogits(PipelineBlock& block, int k, int s, double* to) {
  constexpr int BATCH = 4;
  GridSync& grid = block.grid;
  const unsigned *output = (const unsigned*)block.outputs(k, LAYERS - 1, s / TILE), *logits = (const unsigned*)block.logits(k, s);
  unsigned spins = 0;
  while (loadRelaxed(output) == EMPTY && !grid.expired(spins)) {}
  int from = threadIdx.x % 32 * IDS_PER_LANE, end = min(from + IDS_PER_LANE, VOCABULARY);
  for (int id = from; id < end; id += BATCH) {
    unsigned words[BATCH];
    bool missing;
    do {
      missing = false;
#pragma unroll
      for (int i = 0; i < BATCH; i++) words[i] = loadRelaxed(logits + min(id + i, end - 1));
#pragma unroll
      for (int i = 0; i < BATCH; i++) missing |= words[i] == EMPTY;
    } while (missing && !grid.expired(spins));
#pragma unroll
    for (int i = 0; i < BATCH; i++) if (id + i < end) to[id + i] = __uint_as_float(words[i]);
  }
  return !__any_sync(~0u, grid.late);
}

// Draws or forces the next ids of this warp's streams, in all steps. A forced id is published no earlier than a drawn one
// could be: blocks may overwrite what they publish once a stream's id has come. Returns early on a timeout.
DEVICE void PipelineBlock::runDraws() {
  int warp = (threadIdx.x - COMPUTING) / 32, lane = threadIdx.x % 32, drawer = warp * GRID + blockIdx.x;
  double* weights = shared.drawnWeights + warp * HEAD_ROWS;
  Stream* streams = shared.drawnStreams + warp * DRAWN_STREAMS;
  for (int s = drawer, i = 0; s < launch.count; s += DRAWERS, i++) {
    for (int word = lane; word < sizeof(Stream) / 4; word += 32) {
      ((int*)(streams + i))[word] = ((const int*)(launch.streams + s))[word];
    }
  }
  __syncwarp();
  for (int k = 0; k < launch.steps; k++) {
    for (int s = drawer, i = 0; s < launch.count; s += DRAWERS, i++) {
      const Stream& stream = streams[i];
      if (k >= stream.length) continue;
      if (!awaitLogits(*this, k, s, weights)) return;
      unsigned* seen = launch.seen + (size_t)s * SEEN_WORDS;
      int id;
      if (k < stream.forced) {
        id = launch.forced[stream.forcedFrom + k];
      } else {
        float* out = logitsFor(launch, stream, k);
        auto logit = [&](int each) {
          float value = weights[each];
          if (out) out[each] = value;
          return drawnLogit(launch, each, value);
        };
        id = sample(stream, stream.position + k - stream.forced, logit, weights, seen);
      }
      if (lane == 0) {
        GridSync::publishId(launch.current + s, k + 1, id);
        launch.idsOut[(size_t)s * launch.steps + k] = id;
        seen[id >> 5] |= 1u << (id & 31);
      }
      __syncwarp();
    }
    fenceAcquire();                                // Once a step, see pipeline.cu.
  }
}
