#pragma once

// A block of the grid: its units of every layer for every stream, and the ids of some streams. This file has what both
// forms of a batch share: the shared memory, the addresses of published states and outputs, and the GRU epilogue.
// SmallBatch and LargeBatch add the layers of a step, and what comes before and after all steps.

#include "cluster_peer.cuh"
#include "gates.cuh"
#include "ll_words.cuh"

template <bool SMALL>
struct Block {
  const Launch& launch;
  int samplers;                                    // the number of warps that sample at the same time
  int firstUnit;
  GridSync grid;
  SharedMemory<SMALL> shared;
  ClusterPeer peer;                                // large batch

  DEVICE Block(const Launch& launch, u64 startNanos, unsigned char* memory)
      : launch(launch),
        samplers(samplersFor(launch.slots, gridDim.x)),
        firstUnit((int)blockIdx.x * UNITS),
        grid{launch.control, launch.control + 1, startNanos + launch.timeoutNanos, 0, 0} {
    DeviceArena arena{memory};
    shared.layOut(arena, launch.slots, samplers);
    peer = {shared.received, shared.mbarriers, 0, 0};
  }

  // Indices of matrices in launch.weights.
  DEVICE static int hiddenMatrix(int l) { return l == 0 ? 0 : 2 * l; }
  DEVICE static int inputMatrix(int l) { return 2 * l - 1; }

  // Indices into launch.outputs: a layer's states before an even or odd step, and its outputs.
  DEVICE static int stateIndex(int k, int l) { return (k & 1) * LAYERS + l; }
  DEVICE static int outputIndex(int l) { return 2 * LAYERS + l; }

  // Returns a column of LL words of a small batch. A stream is a column.
  DEVICE u64* words(int at, int column) const { return (u64*)launch.outputs + (at * TILE + column) * (HIDDEN / 2); }

  // Returns a stream's published halves of a large batch.
  DEVICE half_t* streamHalves(int at, int stream) const {
    return launch.outputs + ((size_t)at * launch.slots + stream) * HIDDEN;
  }

  // Returns the address of a unit's state in the launch's states.
  DEVICE float* launchState(int l, int u, int s) const {
    return launch.states + ((size_t)s * LAYERS + l) * HIDDEN + firstUnit + u;
  }

  // Returns the address of a unit's current state. The states of a small batch are in shared memory during the launch.
  DEVICE float* state(int l, int u, int s) const {
    if (SMALL) return shared.states + (l * UNITS + u) * launch.slots + s;
    return launchState(l, u, s);
  }

  // Copies weights to shared memory. A block of a large batch in a cluster takes its half of k of the rows of all
  // blocks of its cluster, its own rows first.
  DEVICE void loadWeights() {
    const int blocks = SMALL ? 1 : CLUSTER, pairs = PAIRS / blocks, rows = ROWS * 32 / 8;
#pragma unroll 8
    for (int i = threadIdx.x; i < MATRICES * MATRIX_HALVES / 8; i += THREADS) {
      int which = i / rows % blocks, pair = i / rows / blocks % pairs, matrix = i / rows / blocks / pairs;
      int rank = SMALL ? 0 : ClusterPeer::rank();
      size_t block = blockIdx.x - rank + (rank + which) % blocks;
      size_t from = (block * MATRICES + matrix) * PAIRS + rank * pairs + pair;
      ((uint4*)shared.weights)[i] = __ldg((const uint4*)launch.weights + from * rows + i % rows);
    }
  }

  // Copies weights, biases, lengths and states, publishes the states, and arrives at the grid barrier.
  DEVICE void begin() {
    int t = threadIdx.x, count = launch.count, slots = launch.slots;
    if (!SMALL) peer.init();                       // The blocks of a cluster meet before either writes anything.
    loadWeights();
    for (int i = t; i < LAYERS * 6 * UNITS; i += THREADS) {
      shared.bias[i] = launch.biases[i / UNITS * HIDDEN + firstUnit + i % UNITS];
    }
    for (int s = t; s < slots; s += THREADS) {
      shared.lengths[s].steps = s < count ? launch.streams[s].length : 0;
      shared.lengths[s].forced = s < count ? launch.streams[s].forced : 0;
    }
    for (int i = t; i < LAYERS * UNITS * slots; i += THREADS) {
      int u = i % UNITS, l = i / UNITS % LAYERS, s = i / (UNITS * LAYERS);
      float h = s < count ? *launchState(l, u, s) : 0;
      if (SMALL) *state(l, u, s) = h;
      else streamHalves(stateIndex(0, l), s)[firstUnit + u] = toHalf(h);
    }
    if (blockIdx.x == 0) for (int s = t; s < count; s += THREADS) launch.current[s] = launch.streams[s].lastId;
    __syncthreads();
    if (SMALL) {
      for (int i = t; i < 3 * LAYERS * TILE * UNITS / 2; i += THREADS) {
        int u = i % (UNITS / 2) * 2, s = i / (UNITS / 2) % TILE, at = i / (UNITS / 2) / TILE;
        bool isState = at < LAYERS;                // A state before step 0 has the flag 1. The rest is of no step yet.
        publish(words(at, s) + (firstUnit + u) / 2, isState ? *state(at, u, s) : 0, isState ? *state(at, u + 1, s) : 0,
                isState);
      }
    }
    grid.arrive();
  }

  // Loads the states that gruEpilogue needs of a tile.
  DEVICE void loadStates(float (&states)[UNITS / 4], int l, int tile) const {
#pragma unroll
    for (int n = 0; n < UNITS / 4; n++) {
      int i = n * 32 + (threadIdx.x & 31), s = tile * TILE + i / UNITS;
      states[n] = s < launch.count ? *state(l, i % UNITS, s) : 0;
    }
  }

  // The GRU epilogue of a tile, by one warp: from the sums of the gates, [3][UNITS][TILE], to states and outputs. The
  // first layer's input product is a row of the table. A small batch waits here for the ids that select the rows; in a
  // large one they have come before a grid barrier. A finished stream keeps its state.
  DEVICE void gruEpilogue(int k, int l, int tile, const float (&states)[UNITS / 4], const float* input,
                          const float* hidden) {
#pragma unroll
    for (int n = 0; n < UNITS / 4; n++) {
      int i = n * 32 + (threadIdx.x & 31), u = i % UNITS, column = i / UNITS, s = tile * TILE + column;
      bool runs = k < shared.lengths[s].steps;
      if (!SMALL && !runs) continue;               // In a small batch, every lane takes part in the shuffles below.
      const float* bias = shared.bias + l * 6 * UNITS + u;
      float gi[3], gh[3];
#pragma unroll
      for (int gate = 0; gate < 3; gate++) {
        int at = (gate * UNITS + u) * TILE + column;
        gi[gate] = input[at] + bias[gate * UNITS];
        gh[gate] = hidden[at] + bias[(3 + gate) * UNITS];
      }
      if (l == 0) {
        int id = runs ? grid.awaitId(launch.current + s, k) : 0;
#pragma unroll
        for (int gate = 0; gate < 3; gate++) gi[gate] = __ldg(launch.table + (id * 3 + gate) * HIDDEN + firstUnit + u);
      }
      float* below = shared.below + u * launch.slots + s;
      float y = gru(states[n], gi[0], gi[1], gi[2], gh[0], gh[1], gh[2]);
      float next = RESIDUAL && l > 0 ? *below + y : y;
      *below = next;
      if (RELU && l == LAYERS - 1) next = fmaxf(next, 0.f);
      if (runs) *state(l, u, s) = y;
      if (SMALL) {
        float yAbove = __shfl_down_sync(~0u, y, 1), nextAbove = __shfl_down_sync(~0u, next, 1);
        if (runs && u % 2 == 0) {
          publish(words(outputIndex(l), column) + (firstUnit + u) / 2, next, nextAbove, k + 1);
          publish(words(stateIndex(k + 1, l), column) + (firstUnit + u) / 2, y, yAbove, k + 2);
        }
      } else if (runs) {
        streamHalves(outputIndex(l), s)[firstUnit + u] = toHalf(next);
        streamHalves(stateIndex(k + 1, l), s)[firstUnit + u] = toHalf(y);
      }
    }
  }

  // The head and the sampler, see head.cuh.
  DEVICE bool nextIds(int k);
  DEVICE void headColumn(uint4 (&column)[SLICE_PAIRS], int k, int s);
  DEVICE void sampleNext(int k, int s, int sampler);
  DEVICE void recordId(int k, int s, int id);
};
