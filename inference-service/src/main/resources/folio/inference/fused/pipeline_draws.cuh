#pragma once

// The warps that draw, in every block: each has every DRAWERS-th stream. Draws take longer than the layers of a group, so
// they run beside them. The draws of the last step are the end of a launch.

#include "pipeline_head.cuh"
#include "sampler.cuh"

// Waits, in a warp, until all blocks of the head have passed on a group. Returns false if the warp has timed out.
DEVICE bool awaitLogits(PipelineBlock& block, int g, unsigned count) {
  unsigned spins = 0;
  if (threadIdx.x % 32 == 0) {
    while (loadRelaxed(block.arrivals(LAYERS, g)) < count && !block.grid.expired(spins)) {}
    fenceAcquire();
  }
  return !__any_sync(~0u, block.grid.late);
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
      if (!awaitLogits(*this, s / GROUP, HEADS * (k + 1))) return;
      unsigned* seen = launch.seen + (size_t)s * SEEN_WORDS;
      int id;
      if (k < stream.forced) {
        id = launch.forced[stream.forcedFrom + k];
      } else {
        float* out = logitsFor(launch, stream, k);
        auto logit = [&](int each) {
          float value = loadPublished(launch.logits + (size_t)s * HEAD_ROWS + each);
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
  }
}
