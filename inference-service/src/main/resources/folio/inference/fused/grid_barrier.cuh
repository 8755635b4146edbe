#pragma once

// Waiting for other blocks. The launch is cooperative, so all blocks are resident and a block may spin. Every wait has
// a deadline, timeoutNanos after the block's start. A thread that sees it pass sets control[1] for the host and "late",
// and continues without the data; its block ends at the next check of "late". No block reads control[1]: a block that
// waits for one that has ended sees its own deadline pass.

#include "launch.cuh"

struct GridSync {
  unsigned* arrivals;                              // arrivals at the grid barrier; only grows
  unsigned* timedOut;
  u64 deadline;
  unsigned target;                                 // the number of arrivals that completes the barrier
  int late;                                        // whether this thread has seen the deadline pass

  // Returns whether the deadline has passed, and if so reports a timeout. A waiting loop calls it once a spin; it reads
  // the clock at every 1024th call only.
  DEVICE bool expired(unsigned& spins) {
    if ((++spins & 1023) != 0 || nanoseconds() <= deadline) return false;
    atomicExch(timedOut, 1u);
    late = 1;
    return true;
  }

  // Arrives at the grid barrier. Blocks that have waited see what this block wrote before. Between arrive and wait, a
  // block does work that depends on no other block.
  DEVICE void arrive() {
    __syncthreads();
    target += gridDim.x;
    if (threadIdx.x == 0) incrementRelease(arrivals);
  }

  // Waits until all blocks have arrived. Returns false if any thread of the block has timed out, here or in an earlier
  // wait.
  DEVICE bool wait() {
    if (threadIdx.x == 0) {
      unsigned seen, spins = 0;
      do {
        seen = loadAcquire(arrivals);
      } while ((int)(seen - target) < 0 && !expired(spins));
    }
    return !__syncthreads_or(late);
  }

  // Waits for the id that a stream has before a step. The word, step * VOCABULARY + id, carries data and step, as an LL
  // word does (ll_words.cuh). It only grows, up to (steps + 1) * VOCABULARY - 1, which must be an int.
  DEVICE int awaitId(const int* word, int step) {
    int seen;
    unsigned spins = 0;
    do {
      seen = loadRelaxed(word);
    } while (seen < step * VOCABULARY && !expired(spins));
    return max(seen - step * VOCABULARY, 0);
  }

  // Publishes the id that a stream has before a step.
  DEVICE static void publishId(int* word, int step, int id) { storeRelaxed(word, step * VOCABULARY + id); }
};
