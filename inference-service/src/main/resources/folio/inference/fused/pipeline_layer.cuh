#pragma once

// A layer's block: UNITS units of one layer, for every stream. It keeps the weights of its units in shared memory and
// takes the groups in their order, step after step.
//
// The first warpgroup computes hidden products of 64 streams, the second input products. A hidden product needs nothing
// of the layer below, so the first warpgroup is ahead. (The second one has no product in the first layer, whose input
// product is a table.) Then each gives the other the sums of half of the streams: the first keeps those of the first
// eight of each warp's 16 streams, the second those of the others. A lane has all three gates of its units, and
// publishes their states and outputs.
//
// What the next product multiplies is requested before the gates, so that its way from the L2 cache overlaps with them.

#include "gates.cuh"
#include "pipeline_block.cuh"
#include "wgmma.cuh"

// The pairs whose halves a lane has in flight or in use.
#ifndef LOADED
#define LOADED 6
#endif
constexpr int LOADED_PAIRS = PAIRS < LOADED ? PAIRS : LOADED;

// A lane's fragments of two streams of a group: A fragments of a product with streams as rows.
struct StreamFragments {
  uint4 low[LOADED_PAIRS], high[LOADED_PAIRS];     // the lane's first stream, and the one eight streams later
  const uint4* from;

  DEVICE void loadLow(int pair) { low[pair % LOADED_PAIRS] = loadRelaxed(from + pair * 2 * FRAGMENT / 8); }
  DEVICE void loadHigh(int pair) { high[pair % LOADED_PAIRS] = loadRelaxed(from + (pair * 2 + 1) * FRAGMENT / 8); }

  // Requests the first pairs. Some of their words may still be empty.
  DEVICE void load(const uint4* laneHalves) {
    from = laneHalves;
#pragma unroll
    for (int pair = 0; pair < LOADED_PAIRS; pair++) loadLow(pair), loadHigh(pair);
  }

  // Returns whether words of some pairs are empty.
  DEVICE bool miss(int begin, int end) const {
    bool any = false;
#pragma unroll
    for (int i = begin; i < end; i++) any |= isEmpty(low[i % LOADED_PAIRS]) | isEmpty(high[i % LOADED_PAIRS]);
    return any;
  }

  // Waits until all words of some pairs are there, or until the deadline. "approach" first waits for something that comes
  // a while before them, so that few blocks poll all their words at a time.
  template <typename Approach>
  DEVICE void await(GridSync& grid, int begin, int end, Approach approach) {
    if (miss(begin, end)) {
      approach();
      unsigned spins = 0;
      do {
#pragma unroll
        for (int i = begin; i < end; i++) {
          if (isEmpty(low[i % LOADED_PAIRS])) loadLow(i);
          if (isEmpty(high[i % LOADED_PAIRS])) loadHigh(i);
        }
      } while (miss(begin, end) && !grid.expired(spins));
    }
    __syncwarp();
  }
};

// Products have a matrix's rows in chunks as columns, so that few registers hold the sums of a slice. Two of them or more
// are under way at a time.
constexpr int CHUNK = ROWS % 48 == 0 ? 48 : 24, CHUNKS = ROWS / CHUNK, CHUNK_SUMS = CHUNK / 2;
constexpr int STAGE_SLICES = CHUNKS == 1 ? 2 : 1, STAGE_PRODUCTS = STAGE_SLICES * CHUNKS;

// Multiplies a group with a matrix. "late" requests what is needed after the product.
template <typename Approach, typename Late>
DEVICE void multiply(GridSync& grid, float (&sums)[LANE_SUMS], const half_t* matrix, StreamFragments& streams,
                     Approach approach, Late late) {
  float second[LANE_SUMS], parts[STAGE_PRODUCTS][CHUNK_SUMS];  // the second half of k, slices
  u64 weights = matrixDescriptor(matrix);
#pragma unroll
  for (int i = 0; i < LANE_SUMS; i++) sums[i] = second[i] = 0;
  streams.await(grid, 0, LOADED_PAIRS, approach);
#pragma unroll
  for (int stage = 0; stage < SLICES; stage += STAGE_SLICES) {
    const int first = sliceBegin(stage), last = sliceBegin(stage + STAGE_SLICES);
    if (stage + STAGE_SLICES == SLICES) late();
    if (last > LOADED_PAIRS) streams.await(grid, first, last, [] {});
    fenceWarpgroup();
#pragma unroll
    for (int i = 0; i < STAGE_PRODUCTS; i++) {
      const int slice = stage + i / CHUNKS, begin = sliceBegin(slice), end = sliceBegin(slice + 1);
#pragma unroll
      for (int pair = begin; pair < end; pair++) {
        uint4 low = streams.low[pair % LOADED_PAIRS], high = streams.high[pair % LOADED_PAIRS];
        u64 step = stepDescriptor(weights, 2 * pair, ROWS, i % CHUNKS * CHUNK);
        if (pair == begin) multiply(parts[i], low.x, high.x, low.y, high.y, step);
        else multiplyAdd(parts[i], low.x, high.x, low.y, high.y, step);
        multiplyAdd(parts[i], low.z, high.z, low.w, high.w, stepDescriptor(step, 1, ROWS, 0));
      }
      commitProducts();
    }
#pragma unroll
    for (int i = 0; i < STAGE_PRODUCTS; i++) {
      const int slice = stage + i / CHUNKS, begin = sliceBegin(slice), end = sliceBegin(slice + 1);
      awaitProducts(STAGE_PRODUCTS - 1 - i, parts[i]);
#pragma unroll
      for (int n = 0; n < CHUNK_SUMS && begin < end; n++) {
        float& sum = (slice < SLICES / 2 ? sums : second)[i % CHUNKS * CHUNK_SUMS + n];
        sum += parts[i][n];
        asm volatile("" : "+f"(sum));              // The compiler must not add later, when the registers are short.
      }
#pragma unroll
      for (int pair = begin; pair < end; pair++) {
        bool wanted = i % CHUNKS == CHUNKS - 1 && pair + LOADED_PAIRS < PAIRS;
        if (wanted) streams.loadLow(pair + LOADED_PAIRS), streams.loadHigh(pair + LOADED_PAIRS);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < LANE_SUMS; i++) sums[i] += second[i];
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
    int pair = unit / 32, lane = s % TILE * 4 + unit % 32 / 8;
    statesBefore(0, l, s / TILE)[pair * 2 * FRAGMENT + lane * 8 + unit % 8] = toHalf(h);
  }
}

// A lane of a layer's block: two streams of each group in a product, one of them in the gates, and a quarter of the
// block's units, two of every eight.
struct LayerLane {
  static constexpr int EIGHTS = UNITS / 8;

  PipelineBlock& block;
  int layer, blockUnit, firstUnit;                 // the first unit of the block, and of the lane
  int high;                                        // 1 in the second warpgroup, which has the high streams, else 0
  int warp, lane;                                  // in the warpgroup, in the warp
  const half_t* matrix;                            // hidden in the first warpgroup, input in the second

  DEVICE LayerLane(PipelineBlock& block)
      : block(block),
        layer(blockIdx.x / LAYER_BLOCKS),
        blockUnit(blockIdx.x % LAYER_BLOCKS * UNITS),
        firstUnit(blockUnit + (threadIdx.x & 3) * 2),
        high(__shfl_sync(~0u, threadIdx.x / 128, 0)),  // in a uniform register, as products want their addresses
        warp(threadIdx.x / 32 % 4),
        lane(threadIdx.x % 32),
        matrix(block.shared.weights + (high ? 0 : MATRIX_HALVES)) {}

  // Returns the lane's stream of a group.
  DEVICE int stream(int g) const { return g * GROUP + warp * 16 + high * TILE + lane / 4; }

  // Returns the index of the tile of the warp's low streams. The tile of the high ones follows it.
  DEVICE int lowTile(int g) const { return g * GROUP_TILES + warp * 2; }

  // Returns the lane's fragments of what its warpgroup multiplies.
  DEVICE const uint4* multiplied(Turn turn) const {
    int k = turn.step, tile = lowTile(turn.group);
    return (const uint4*)(high ? block.outputs(k, layer - 1, tile) : block.statesBefore(k, layer, tile)) + lane;
  }

  // Waits until a layer below has published a word of a group, or the group's ids have come.
  DEVICE void awaitLayer(int k, int l, int g, bool runs) const {
    unsigned spins = 0;
    if (l >= 0) {
      const unsigned* word = (const unsigned*)block.outputs(k, l, lowTile(g));
      while (loadRelaxed(word) == EMPTY && !block.grid.expired(spins)) {}
    } else if (runs) {
      block.grid.awaitId(block.launch.current + stream(g), k);
    }
  }

  // Exchanges sums with the other warpgroup: gives those of its stream, and keeps and gets those of the lane's own stream.
  // In "sums", pairs of the lane's two streams alternate. Returns false on a timeout.
  DEVICE bool exchange(const float (&sums)[LANE_SUMS], float (&input)[STREAM_SUMS], float (&hidden)[STREAM_SUMS]) const {
    float2* given = block.shared.exchanged + threadIdx.x;
    const float2* got = block.shared.exchanged + (threadIdx.x ^ 128);
    barrierComputing();                            // What was exchanged before has been read.
#pragma unroll
    for (int i = 0; i < STREAM_SUMS / 2; i++) {
      float2 low = make_float2(sums[4 * i], sums[4 * i + 1]), other = make_float2(sums[4 * i + 2], sums[4 * i + 3]);
      given[i * COMPUTING] = high ? low : other;
    }
    bool late = barrierComputingOr(block.grid.late);
#pragma unroll
    for (int i = 0; i < STREAM_SUMS / 2; i++) {
      float2 kept = high ? make_float2(sums[4 * i + 2], sums[4 * i + 3]) : make_float2(sums[4 * i], sums[4 * i + 1]);
      float2 other = got[i * COMPUTING];
      hidden[2 * i] = high ? other.x : kept.x, hidden[2 * i + 1] = high ? other.y : kept.y;
      input[2 * i] = high ? kept.x : other.x, input[2 * i + 1] = high ? kept.y : other.y;
    }
    return !late;
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

  // The tag of a layer's float32 outputs of a step.
  DEVICE static unsigned tag(int k, int l) { return k * LAYERS + l + 1; }

  // Requests the states of the lane's units. Those before a stream's first step are where the host wrote them.
  DEVICE void loadStates(float2 (&states)[EIGHTS], int k, int g) const {
#pragma unroll
    for (int i = 0; i < EIGHTS; i++) states[i] = k == 0 ? *hostStates(g, i) : block.ownStates(g)[i * COMPUTING];
  }

  DEVICE float2* hostStates(int g, int eight) const {
    return (float2*)(block.launch.states + ((size_t)stream(g) * LAYERS + layer) * HIDDEN + firstUnit + eight * 8);
  }

  // Publishes a word of every eight units. The four lanes of a stream exchange theirs, so that each has the four words of
  // eight units, and empties what was published for an earlier step.
  DEVICE void publishWords(half_t* tile, half_t* earlier, const unsigned (&words)[EIGHTS]) const {
    uint4 own = {};
#pragma unroll
    for (int i = 0; i < EIGHTS; i++) {
      int quad = lane & ~3;
      unsigned a = __shfl_sync(~0u, words[i], quad), b = __shfl_sync(~0u, words[i], quad + 1);
      unsigned c = __shfl_sync(~0u, words[i], quad + 2), d = __shfl_sync(~0u, words[i], quad + 3);
      if (lane % 4 == i) own = make_uint4(a, b, c, d);
    }
    if (lane % 4 >= EIGHTS) return;
    int unit = blockUnit + lane % 4 * 8;
    int at = unit / 32 * 2 * FRAGMENT + (lane / 4 * 4 + unit % 32 / 8) * 8;
    storeRelaxed((uint4*)(tile + at), own);
    storeRelaxed((uint4*)(earlier + at), make_uint4(EMPTY, EMPTY, EMPTY, EMPTY));
  }

  // The gates of the lane's units: from sums to states and outputs. Those of a stream that does not run are published as
  // well, since others wait for them, but not used. "left" is the number of steps that the stream still has.
  DEVICE void finish(int k, int g, int left, const float (&input)[STREAM_SUMS], const float (&hidden)[STREAM_SUMS],
                     float2 (&states)[EIGHTS], const float2 (&below)[EIGHTS]) const {
    unsigned outputWords[EIGHTS], stateWords[EIGHTS];
    float2 next[EIGHTS];
#pragma unroll
    for (int eight = 0; eight < EIGHTS; eight++) {
      float y[2], sum[2];
#pragma unroll
      for (int n = 0; n < 2; n++) {
        float gi[3], gh[3];
#pragma unroll
        for (int gate = 0; gate < 3; gate++) {
          int at = (eight * 3 + gate) * 2 + n;
          const float2* bias = (const float2*)(block.shared.bias + (threadIdx.x & 3) * 2 + eight * 8);
          float2 inputBias = bias[gate * UNITS / 2], hiddenBias = bias[(3 + gate) * UNITS / 2];
          gi[gate] = layer > 0 ? input[at] + (n ? inputBias.y : inputBias.x) : input[at];
          gh[gate] = hidden[at] + (n ? hiddenBias.y : hiddenBias.x);
        }
        y[n] = gru(n == 0 ? states[eight].x : states[eight].y, gi[0], gi[1], gi[2], gh[0], gh[1], gh[2]);
        sum[n] = RESIDUAL && layer > 0 ? (n == 0 ? below[eight].x : below[eight].y) + y[n] : y[n];
      }
      states[eight] = make_float2(y[0], y[1]);
      next[eight] = make_float2(sum[0], sum[1]);
      bool rectified = RELU && layer == LAYERS - 1;
      outputWords[eight] = rectified ? toHalves(fmaxf(sum[0], 0.f), fmaxf(sum[1], 0.f)) : toHalves(sum[0], sum[1]);
      stateWords[eight] = toHalves(y[0], y[1]);
    }
    int tile = lowTile(g) + high;
    publishWords(block.outputs(k, layer, tile), block.outputs(k + OUTPUT_BUFFERS - 1, layer, tile), outputWords);
    if (RESIDUAL && layer < LAYERS - 1 && left > 0) {
#pragma unroll
      for (int i = 0; i < EIGHTS; i++) {
        TaggedPair::publish(block.residuals(k, g) + i * COMPUTING, next[i].x, next[i].y, tag(k, layer));
      }
    }
    publishWords(block.statesBefore(k + 1, layer, tile), block.statesBefore(k + STATE_BUFFERS - 1, layer, tile),
                 stateWords);
#pragma unroll
    for (int i = 0; i < EIGHTS; i++) {
      if (left == 1) *hostStates(g, i) = states[i];
      else if (left > 1) block.ownStates(g)[i * COMPUTING] = states[i];
    }
  }
};

// Runs all steps of the layer. Returns early on a timeout.
DEVICE void PipelineBlock::runLayer() {
  constexpr int EIGHTS = LayerLane::EIGHTS;
  LayerLane lane(*this);
  int l = lane.layer;
  bool multiplies = l > 0 || !lane.high;
  StreamFragments fragments;
  Turn turn = {0, -1}, next;
  bool more = advance(turn);
  if (more && multiplies) fragments.load(lane.multiplied(turn));
  for (; more; turn = next) {
    next = turn;
    more = advance(next);
    int k = turn.step, g = turn.group, s = lane.stream(g);
    int left = s < launch.count ? __ldg(&launch.streams[s].length) - k : -1;
    bool runs = left > 0, early = more && next.group != g;  // The same group's next halves cannot be there yet.
    float sums[LANE_SUMS], input[STREAM_SUMS], hidden[STREAM_SUMS];
    float2 states[EIGHTS] = {}, below[EIGHTS] = {};
    TaggedPair tagged[EIGHTS] = {};
    auto loadOwn = [&] {
      if (!runs) return;
      lane.loadStates(states, k, g);
#pragma unroll
      for (int i = 0; i < EIGHTS; i++) if (RESIDUAL && l > 0) tagged[i].load(residuals(k, g) + i * COMPUTING);
    };
    if (multiplies) {
      auto approach = [&] { if (lane.high) lane.awaitLayer(k, l - 2, g, left >= 0); };
      multiply(grid, sums, lane.matrix, fragments, approach, loadOwn);
    } else {
      loadOwn();
    }
    if (next.step > k) fenceAcquire();             // Once a step, see pipeline.cu.
    if (early && multiplies) fragments.load(lane.multiplied(next));
#pragma unroll
    for (int i = 0; i < EIGHTS; i++) {
      if (RESIDUAL && l > 0 && runs) below[i] = tagged[i].await(grid, residuals(k, g) + i * COMPUTING, lane.tag(k, l - 1));
    }
    __syncwarp();
    if (!lane.exchange(sums, input, hidden)) return;
    if (l == 0) {
      int id = left >= 0 ? grid.awaitId(launch.current + s, k) : 0;
      lane.lookUp(input, runs ? id : 0);
      __syncwarp();
    }
    lane.finish(k, g, left, input, hidden, states, below);
    if (more && !early && multiplies) fragments.load(lane.multiplied(next));
  }
}
