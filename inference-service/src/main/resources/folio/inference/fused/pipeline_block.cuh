#pragma once

// A block of the pipeline: its shared memory, the addresses of what blocks publish, and the order of its work.

#include "grid_barrier.cuh"
#include "pipeline_layout.cuh"
#include "published.cuh"

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

// A step of a group.
struct Turn {
  int step, group;
};

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

  // Returns the halves of a tile of eight streams that a buffer has for a layer, in the order in which warps read them:
  // [pair][lane][8], see mma.cuh. Two tiles that follow each other are the low and high streams of a product, and their
  // pairs alternate. So every access of a warp is one of 512 neighbouring bytes.
  DEVICE half_t* fragments(int buffer, int l, int tile) const {
    size_t row = ((size_t)buffer * LAYERS + l) * launch.slots + tile / 2 * 2 * TILE;
    return launch.outputs + row * HIDDEN + tile % 2 * FRAGMENT;
  }

  // What blocks publish has a buffer for each of the last steps, see pipeline.cu.
  DEVICE half_t* statesBefore(int k, int l, int tile) const { return fragments(k % STATE_BUFFERS, l, tile); }
  DEVICE half_t* outputs(int k, int l, int tile) const {
    return fragments(STATE_BUFFERS + k % OUTPUT_BUFFERS, l, tile);
  }
  DEVICE float* logits(int k, int s) const {
    return launch.logits + ((size_t)(k % LOGIT_BUFFERS) * launch.slots + s) * HEAD_ROWS;
  }

  // Returns this thread's float32 states of a group, and its outputs of a layer and of a step: numbers COMPUTING pairs
  // apart, for every eighth unit. The thread of the next layer that reads the outputs has the same index in its block.
  DEVICE float2* ownStates(int g) const {
    return (float2*)launch.ownStates + ((size_t)blockIdx.x * groups + g) * (UNITS / 8) * COMPUTING + threadIdx.x;
  }
  DEVICE TaggedPair* residuals(int k, int g) const {
    size_t block = ((size_t)(k % 2) * groups + g) * LAYER_BLOCKS + blockIdx.x % LAYER_BLOCKS;
    return (TaggedPair*)launch.residuals + block * (UNITS / 8) * COMPUTING + threadIdx.x;
  }

  // Advances to the next group with a stream that runs. Returns false after the last step.
  DEVICE bool advance(Turn& turn) const {
    do {
      if (++turn.group == groups) turn.group = 0, turn.step++;
      if (turn.step == launch.steps) return false;
    } while (turn.step >= shared.groupSteps[turn.group]);
    return true;
  }

  // Reports how long the launch has taken so far. The largest number of all threads counts.
  DEVICE void reportDuration() const {
    atomicMax(launch.control + 2, (unsigned)(nanoseconds() - (grid.deadline - launch.timeoutNanos)));
  }

  // The parts of a block, see the files of the same names.
  DEVICE void begin();
  DEVICE void beginLayer();
  DEVICE void runLayer();
  DEVICE void beginHead();
  DEVICE void runHead();
  DEVICE void runDraws();
};
