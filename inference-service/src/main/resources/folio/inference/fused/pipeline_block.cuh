#pragma once

// A block of the pipeline: its shared memory, the addresses of what blocks publish, and how they wait for each other.

#include "grid_barrier.cuh"
#include "pipeline_layout.cuh"

// Barriers of the threads that compute. Those that draw have barrier 0, which all threads share, at the start only.
DEVICE void barrierComputing() { asm volatile("barrier.cta.sync.aligned 1, %0;" ::"n"(COMPUTING) : "memory"); }

// Returns whether the value is true in any thread that computes.
DEVICE bool barrierComputingOr(bool value) {
  int any;
  asm volatile(
      "{.reg .pred p, q; setp.ne.b32 p, %1, 0; barrier.cta.red.or.pred.aligned q, 1, %2, p; selp.b32 %0, 1, 0, q;}"
      : "=r"(any)
      : "r"((int)value), "n"(COMPUTING)
      : "memory");
  return any;
}

struct PipelineBlock {
  const Launch& launch;
  int groups;
  GridSync grid;
  PipelineMemory shared;

  DEVICE PipelineBlock(const Launch& launch, u64 startNanos, unsigned char* memory)
      : launch(launch),
        groups(launch.slots / GROUP),
        grid{launch.control, launch.control + 1, startNanos + launch.timeoutNanos, 0, 0} {
    DeviceArena arena{memory};
    shared.layOut(arena, isHead());
  }

  DEVICE static bool isHead() { return blockIdx.x >= LAYERS * LAYER_BLOCKS; }

  // Indices into launch.outputs: a layer's states before an even or odd step, and its outputs. Layers take turns with
  // two buffers of outputs.
  DEVICE static int stateIndex(int k, int l) { return (k & 1) * LAYERS + l; }
  DEVICE static int outputIndex(int l) { return 2 * LAYERS + (l & 1); }

  // Returns a stream's published halves.
  DEVICE half_t* halves(int at, int stream) const {
    return launch.outputs + ((size_t)at * launch.slots + stream) * HIDDEN;
  }

  // Returns the number of blocks of a layer, or of the head as layer LAYERS, that have passed a group on, in all steps.
  DEVICE unsigned* arrivals(int l, int g) const { return launch.arrivals + l * groups + g; }

  // Returns the number of arrivals after which all blocks have passed on a group before a step.
  DEVICE static unsigned layerArrivals(int k) { return LAYER_BLOCKS * k; }

  // Passes a group on: threads that have waited for its arrivals see what this block wrote before.
  DEVICE void passOn(int l, int g) {
    barrierComputing();
    if (threadIdx.x == 0) incrementRelease(arrivals(l, g));
  }

  // Returns whether a group has a number of arrivals; in thread 0 only, and false in the others. The block sees what was
  // written before after a barrier.
  DEVICE bool hasArrivals(int l, int g, unsigned count) const {
    return threadIdx.x == 0 && loadAcquire(arrivals(l, g)) >= count;
  }

  // Waits, in all threads that compute, until a group has a number of arrivals. Returns false if any of them has timed
  // out, here or in an earlier wait.
  DEVICE bool awaitArrivals(int l, int g, unsigned count) {
    unsigned spins = 0;
    if (threadIdx.x == 0) while (!hasArrivals(l, g, count) && !grid.expired(spins)) {}
    return !barrierComputingOr(grid.late);
  }

  // The parts of a block, see the files of the same names.
  DEVICE void beginLayer();
  DEVICE void runLayer();
  DEVICE void beginHead();
  DEVICE void runHead();
  DEVICE void runDraws();
};
