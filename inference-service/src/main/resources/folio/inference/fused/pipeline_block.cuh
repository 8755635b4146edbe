#pragma once

// A block of the pipeline: its shared memory, the addresses of what blocks publish, and how they wait for each other.

#include "grid_barrier.cuh"
#include "pipeline_layout.cuh"

// Barriers of the threads that compute. The threads that draw use barrier 0 alone, which all threads share, and only at
// the start.
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

  // Indices into launch.outputs: a layer's states before an even or odd step, and its outputs. The layers use two buffers
  // of outputs in turn.
  DEVICE static int stateIndex(int k, int l) { return (k & 1) * LAYERS + l; }
  DEVICE static int outputIndex(int l) { return 2 * LAYERS + (l & 1); }

  // Returns a stream's published halves.
  DEVICE half_t* halves(int at, int stream) const {
    return launch.outputs + ((size_t)at * launch.slots + stream) * HIDDEN;
  }

  // Returns the counter of the blocks of a layer, or of the head as layer LAYERS, that have passed a group on, in all
  // steps.
  DEVICE unsigned* arrivals(int l, int g) const { return launch.arrivals + l * groups + g; }

  // Returns the number of arrivals after which all blocks have passed on a group before a step.
  DEVICE static unsigned layerArrivals(int k) { return LAYER_BLOCKS * k; }

  // Passes a group on: threads that have waited for its arrivals see what this block wrote before.
  DEVICE void passOn(int l, int g) {
    barrierComputing();
    if (threadIdx.x == 0) incrementRelease(arrivals(l, g));
  }

  // Requests the number of arrivals of a group, in thread 0, for "haveArrived". Both let it come during a product.
  DEVICE unsigned requestArrivals(int l, int g) const {
    return threadIdx.x == 0 ? loadRelaxed(arrivals(l, g)) : 0;
  }

  // Returns, in all threads that compute, whether a number of arrivals that was requested suffices. If so, they see what
  // was written before. It is a barrier of these threads in any case.
  DEVICE static bool haveArrived(unsigned requested, unsigned count) {
    bool enough = threadIdx.x == 0 && requested >= count;
    if (enough) fenceAcquire();
    return barrierComputingOr(enough);
  }

  // Waits, in all threads that compute, until a group has a number of arrivals. Returns false if any of them has timed
  // out, here or in an earlier wait.
  DEVICE bool awaitArrivals(int l, int g, unsigned count) {
    unsigned spins = 0;
    if (threadIdx.x == 0) while (loadAcquire(arrivals(l, g)) < count && !grid.expired(spins)) {}
    return !barrierComputingOr(grid.late);
  }

  // Reports how long the launch has taken so far. The largest number of all threads counts.
  DEVICE void reportDuration() const {
    atomicMax(launch.control + 2, (unsigned)(nanoseconds() - (grid.deadline - launch.timeoutNanos)));
  }

  // The parts of a block, see the files of the same names.
  DEVICE void beginLayer();
  DEVICE void runLayer();
  DEVICE void beginHead();
  DEVICE void runHead();
  DEVICE void runDraws();
};
