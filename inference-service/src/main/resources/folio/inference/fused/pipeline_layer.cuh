#pragma once

// A layer's block: UNITS units of one layer, for every stream. It keeps the weights of its units in shared memory and
// takes the groups in their order, step after step.
//
// Two warpgroups share a product: each has one half of k for all 64 streams of a group. They then exchange sums, so that
// the first has those of the first eight of each warp's 16 streams, and the second those of the others. A lane has all
// three gates of its units. The hidden product needs nothing of the layer below, so it comes first.
//
// What the next product multiplies is requested before the sums of the last one are used, if it has been published by
// then. So its way from the L2 cache overlaps with the exchange and the gates. (The first layer, whose input product is a
// table, waits for ids instead.)

#include "gates.cuh"
#include "pipeline_block.cuh"
#include "wgmma.cuh"

// The pairs whose halves a lane has in flight or in use.
constexpr int LOADED_PAIRS = HALF_PAIRS < 8 ? HALF_PAIRS : 8;

static_assert(SLICE_PAIRS <= LOADED_PAIRS, "a slice must be loaded when it is multiplied");

// A lane's fragments of two streams of a group, for a half of k: A fragments of a product with streams as rows.
struct StreamFragments {
  uint4 low[LOADED_PAIRS], high[LOADED_PAIRS];     // the lane's first stream, and the one eight streams later
  const half_t* from;

  DEVICE void loadPair(int pair) {
    low[pair % LOADED_PAIRS] = loadPublished(from + pair * 32);
    high[pair % LOADED_PAIRS] = loadPublished(from + 8 * HIDDEN + pair * 32);
  }

  // Requests the first pairs.
  DEVICE void load(const half_t* laneHalves) {
    from = laneHalves;
#pragma unroll
    for (int pair = 0; pair < LOADED_PAIRS; pair++) loadPair(pair);
  }
};

// Multiplies a group with a warpgroup's half of a matrix. Both halves of k have the same slices, counted in pairs from
// the begin of the half.
DEVICE void multiply(float (&sums)[LANE_SUMS], const half_t* matrix, StreamFragments& streams) {
  float part[LANE_SUMS];
  u64 weights = matrixDescriptor(matrix);
#pragma unroll
  for (int i = 0; i < LANE_SUMS; i++) sums[i] = 0;
#pragma unroll
  for (int slice = 0; slice < SLICES / 2; slice++) {
    const int begin = sliceBegin(slice), end = sliceBegin(slice + 1);
    if (begin == end) continue;
    fenceWarpgroup();
#pragma unroll
    for (int pair = begin; pair < end; pair++) {
      uint4 low = streams.low[pair % LOADED_PAIRS], high = streams.high[pair % LOADED_PAIRS];
      multiplyAdd(part, low.x, high.x, low.y, high.y, stepDescriptor(weights, 2 * pair, ROWS), pair > begin);
      multiplyAdd(part, low.z, high.z, low.w, high.w, stepDescriptor(weights, 2 * pair + 1, ROWS), true);
    }
    awaitWarpgroup(part);
#pragma unroll
    for (int pair = begin; pair < end; pair++) {
      if (pair + LOADED_PAIRS < HALF_PAIRS) streams.loadPair(pair + LOADED_PAIRS);
    }
#pragma unroll
    for (int i = 0; i < LANE_SUMS; i++) sums[i] += part[i];
  }
}

// Copies weights, biases and states, and publishes the states.
DEVICE void PipelineBlock::beginLayer() {
  int l = blockIdx.x / LAYER_BLOCKS, firstUnit = blockIdx.x % LAYER_BLOCKS * UNITS, t = threadIdx.x;
  const uint4* from = (const uint4*)(launch.weights + (size_t)blockIdx.x * 2 * MATRIX_HALVES);
#pragma unroll 8
  for (int i = t; i < 2 * MATRIX_HALVES / 8; i += THREADS) ((uint4*)shared.weights)[i] = __ldg(from + i);
  publishToProducts();
  for (int i = t; i < 2 * ROWS; i += THREADS) {
    shared.bias[i] = launch.biases[(l * 6 + i / UNITS) * HIDDEN + firstUnit + i % UNITS];
  }
  for (int i = t; i < UNITS * launch.slots; i += THREADS) {
    int unit = firstUnit + i % UNITS, s = i / UNITS;
    float h = s < launch.count ? launch.states[((size_t)s * LAYERS + l) * HIDDEN + unit] : 0;
    halves(stateIndex(0, l), s)[unit] = toHalf(h);
  }
}

// A lane of a layer's block: one stream of each group, and a quarter of the block's units, two of every eight.
struct LayerLane {
  PipelineBlock& block;
  int layer, firstUnit;                            // the first unit of the lane
  int half;                                        // its warpgroup's half of k, and of the streams
  int row;                                         // the first of its two streams of a group in products
  const half_t *input, *hidden;                    // its warpgroup's halves of the matrices

  DEVICE LayerLane(PipelineBlock& block)
      : block(block),
        layer(blockIdx.x / LAYER_BLOCKS),
        firstUnit(blockIdx.x % LAYER_BLOCKS * UNITS + (threadIdx.x & 3) * 2),
        half(threadIdx.x / 128),
        row(threadIdx.x / 32 % 4 * 16 + threadIdx.x % 32 / 4),
        input(block.shared.weights + half * (MATRIX_HALVES / 2)),
        hidden(input + MATRIX_HALVES) {}

  // Returns the lane's halves of its first stream of a group, in a half of k.
  DEVICE const half_t* laneHalves(int at, int g) const {
    return block.halves(at, g * GROUP + row) + half * (HIDDEN / 2) + (threadIdx.x & 3) * 8;
  }

  // Returns the place for a pair of sums for the other warpgroup, or from it.
  DEVICE float2* exchanged(int warpgroup, int pair) const {
    return block.shared.exchanged + (warpgroup * (STREAM_SUMS / 2) + pair) * 128 + threadIdx.x % 128;
  }

  // Gives the sums of the stream that the other warpgroup has. In "sums", pairs of the lane's two streams alternate.
  DEVICE void give(const float (&sums)[LANE_SUMS]) const {
#pragma unroll
    for (int i = 0; i < STREAM_SUMS / 2; i++) {
      const float *low = sums + 4 * i, *high = low + 2;
      *exchanged(half, i) = half == 0 ? make_float2(high[0], high[1]) : make_float2(low[0], low[1]);
    }
  }

  // Adds what the other warpgroup has given to the sums of the lane's own stream.
  DEVICE void take(float (&own)[STREAM_SUMS], const float (&sums)[LANE_SUMS]) const {
#pragma unroll
    for (int i = 0; i < STREAM_SUMS / 2; i++) {
      const float *low = sums + 4 * i, *high = low + 2;
      float2 other = *exchanged(half ^ 1, i);
      own[2 * i] = (half == 0 ? low[0] : high[0]) + other.x;
      own[2 * i + 1] = (half == 0 ? low[1] : high[1]) + other.y;
    }
  }

  // Looks up the input product of the first layer.
  DEVICE void lookUp(float (&own)[STREAM_SUMS], int id) const {
#pragma unroll
    for (int i = 0; i < STREAM_SUMS / 2; i++) {
      int eight = i / 3, gate = i % 3;
      float2 entry = loadConstantPair(block.launch.table + (id * 3 + gate) * HIDDEN + firstUnit + eight * 8);
      own[2 * i] = entry.x;
      own[2 * i + 1] = entry.y;
    }
  }

  // The gates of the lane's units: from sums to states and outputs. A finished stream keeps its state.
  DEVICE void publish(int k, int s, const float (&input)[STREAM_SUMS], const float (&hidden)[STREAM_SUMS],
                      const float2 (&states)[UNITS / 8], const float2 (&below)[UNITS / 8]) const {
    const Launch& launch = block.launch;
#pragma unroll
    for (int eight = 0; eight < UNITS / 8; eight++) {
      int unit = firstUnit + eight * 8;
      float y[2], next[2];
#pragma unroll
      for (int n = 0; n < 2; n++) {
        const float* bias = block.shared.bias + unit % UNITS + n;
        float gi[3], gh[3];
#pragma unroll
        for (int gate = 0; gate < 3; gate++) {
          int at = (eight * 3 + gate) * 2 + n;
          gi[gate] = layer > 0 ? input[at] + bias[gate * UNITS] : input[at];
          gh[gate] = hidden[at] + bias[(3 + gate) * UNITS];
        }
        y[n] = gru(n == 0 ? states[eight].x : states[eight].y, gi[0], gi[1], gi[2], gh[0], gh[1], gh[2]);
        next[n] = RESIDUAL && layer > 0 ? (n == 0 ? below[eight].x : below[eight].y) + y[n] : y[n];
      }
      *(float2*)(launch.states + ((size_t)s * LAYERS + layer) * HIDDEN + unit) = make_float2(y[0], y[1]);
      if (RESIDUAL) *(float2*)(launch.residuals + (size_t)s * HIDDEN + unit) = make_float2(next[0], next[1]);
      if (RELU && layer == LAYERS - 1) next[0] = fmaxf(next[0], 0.f), next[1] = fmaxf(next[1], 0.f);
      *(unsigned*)(block.halves(PipelineBlock::outputIndex(layer), s) + unit) = toHalves(next[0], next[1]);
      *(unsigned*)(block.halves(PipelineBlock::stateIndex(k + 1, layer), s) + unit) = toHalves(y[0], y[1]);
    }
  }
};

// Runs all steps of the layer. Returns early on a timeout.
DEVICE void PipelineBlock::runLayer() {
  LayerLane lane(*this);
  int l = lane.layer;
  StreamFragments fragments;
  bool requested = false;                          // whether what the next product multiplies is under way
  for (int k = 0; k < launch.steps; k++) {
    for (int g = 0; g < groups; g++) {
      int s = g * GROUP + lane.row + lane.half * 8;
      bool runs = s < launch.count && k < __ldg(&launch.streams[s].length);
      float sums[LANE_SUMS], input[STREAM_SUMS], hidden[STREAM_SUMS];
      if (!requested) {
        if (k > 0 && !awaitArrivals(l, g, layerArrivals(k))) return;
        fragments.load(lane.laneHalves(stateIndex(k, l), g));
      }
      unsigned arrived = l > 0 ? requestArrivals(l - 1, g) : 0;
      multiply(sums, lane.hidden, fragments);
      lane.give(sums);
      requested = haveArrived(arrived, layerArrivals(k + 1));
      if (requested) fragments.load(lane.laneHalves(outputIndex(l - 1), g));
      lane.take(hidden, sums);
      float2 states[UNITS / 8] = {}, below[UNITS / 8] = {};
#pragma unroll
      for (int i = 0; i < UNITS / 8; i++) {
        if (runs) states[i] = *(const float2*)(launch.states + ((size_t)s * LAYERS + l) * HIDDEN + lane.firstUnit + i * 8);
      }
      if (l == 0) {
        lane.lookUp(input, runs ? grid.awaitId(launch.current + s, k) : 0);
      } else {
        if (requested) {
          barrierComputing();                      // The sums that were exchanged have been read.
        } else {
          if (!awaitArrivals(l - 1, g, layerArrivals(k + 1))) return;
          fragments.load(lane.laneHalves(outputIndex(l - 1), g));
        }
#pragma unroll
        for (int i = 0; i < UNITS / 8; i++) {
          if (RESIDUAL && runs) below[i] = loadPublishedPair(launch.residuals + (size_t)s * HIDDEN + lane.firstUnit + i * 8);
        }
        bool wraps = g + 1 == groups;
        int nextGroup = wraps ? 0 : g + 1, nextStep = wraps ? k + 1 : k;
        // The states of a single group cannot be there yet, nor those after the last step.
        bool mayBeThere = groups > 1 && nextStep < launch.steps;
        arrived = mayBeThere ? requestArrivals(l, nextGroup) : 0;
        multiply(sums, lane.input, fragments);
        lane.give(sums);
        requested = haveArrived(arrived, layerArrivals(nextStep)) && mayBeThere;
        if (requested) fragments.load(lane.laneHalves(stateIndex(nextStep, l), nextGroup));
        lane.take(input, sums);
      }
      if (runs) lane.publish(k, s, input, hidden, states, below);
      passOn(l, g);
    }
  }
}
