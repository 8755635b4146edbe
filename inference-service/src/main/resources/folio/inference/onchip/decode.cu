// Decodes a chunk of characters for many streams in one launch, with the network's weights in shared memory.
//
// A GRU that writes one character at a time is bound by launches and by reading its weights. Here neither happens: a grid
// of blocks that all run at once holds the weights, float16, for the whole launch; block b computes the units
// b * UNITS to b * UNITS + UNITS - 1 of every layer for every stream. What other blocks need of a layer, its output, is
// published in global memory (the L2 cache, that is), and a barrier over the grid stands between a layer and the next:
// LAYERS + 1 barriers a character, the last of them after the characters are chosen.
//
// Products are tensor cores' (m16n8k16): rows of weights times eight streams, float16 in, float32 out. A stream is a column
// of such a product: what it comes to does not depend on the other columns, and sums are taken in the same order whether
// one warp takes them or eight do. So a stream's text is the same to the last bit alone and among 255 others, in whatever
// place, in chunks of whatever length. States and the residual sum are float32 and stay with the block that owns the unit.
//
// Compile-time: LAYERS, HIDDEN, UNITS (a multiple of 4 that divides HIDDEN), VOCABULARY, RESIDUAL, RELU (before the head).
// The grid has HIDDEN / UNITS blocks of 256 threads and must be launched cooperatively.

typedef unsigned short half_t;
typedef unsigned long long u64;

#define WARPS 8
#define ROWS (3 * UNITS)
#define ROW_TILES ((ROWS + 15) / 16)
#define PAIRS (HIDDEN / 32)                        // of k16 steps: what a lane loads at once, eight halves
#define MATRICES (2 * LAYERS - 1)                  // the first layer's input product is a table
#define MATRIX_HALVES (PAIRS * ROWS * 32)
#define HEAD_ROWS ((VOCABULARY + 15) / 16 * 16)
#define WORDS ((VOCABULARY + 31) / 32)
#define TILE_FLOATS (ROW_TILES * 16 * 8)
#define BATCH (PAIRS < 16 ? PAIRS : 16)             // loads that a lane has under way at once

// One stream; written by the host before a launch. 64 bytes.
struct Stream {
  long long seed;
  double temperature;                              // 0: the most likely character
  double topP, minP, repetitionPenalty;
  int topK;
  int character;                                   // the one before the first to be written
  int position;                                    // of the first to be written, counted in drawn characters
  int length;                                      // how many to write, at most the launch's
  int reserved[2];
};

__device__ __forceinline__ half_t toHalf(float value) {
  half_t half;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(value));
  return half;
}

// Reads what other blocks have written: past the first cache, which does not see it.
__device__ __forceinline__ uint4 published(const half_t* from) {
  uint4 v;
  asm volatile("ld.global.cg.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(from));
  return v;
}

__device__ __forceinline__ void product(float (&sum)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0,
                                        unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
               : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

// Two k16 steps. The order of k within them is free as long as both sides have the same: a lane takes eight neighbours.
__device__ __forceinline__ void productPair(float (&sum)[4], uint4 low, uint4 high, uint4 b) {
  product(sum, low.x, high.x, low.y, high.y, b.x, b.y);
  product(sum, low.z, high.z, low.w, high.w, b.z, b.w);
}

// The grid's barrier: a counter that only grows. Between arriving and waiting a block does what needs no other block.
struct Barrier {
  unsigned* count;
  unsigned* failed;
  u64 deadline;
  unsigned target;

  __device__ __forceinline__ void arrive() {
    __syncthreads();
    target += gridDim.x;
    if (threadIdx.x == 0) asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(count) : "memory");
  }

  // False if time is up: some block does not come. The launch ends then.
  __device__ __forceinline__ bool wait() {
    int late = 0;
    if (threadIdx.x == 0) {
      unsigned seen, turns = 0;
      while (true) {
        asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(seen) : "l"(count) : "memory");
        if ((int)(seen - target) >= 0) break;
        if ((++turns & 1023) == 0) {
          u64 now;
          asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
          if (now > deadline) {
            atomicExch(failed, 1u);
            late = 1;
            break;
          }
        }
      }
    }
    return !__syncthreads_or(late);
  }
};

__device__ __forceinline__ u64 mix(u64 z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

// As folio.model.sampling.SeededRandom.
__device__ __forceinline__ double uniform(long long seed, int position) {
  const u64 gamma = 0x9E3779B97F4A7C15ULL;
  return (double)(mix(mix((u64)seed + gamma) + (u64)position * gamma) >> 11) * 0x1.0p-53;
}

__device__ __forceinline__ double sumOfWarp(double value) {
  for (int step = 16; step > 0; step >>= 1) value += __shfl_xor_sync(~0u, value, step);
  return value;
}

// As folio.model.sampling.Sampler, by one warp: lane i has the ids from i * SHARE on.
#define SHARE ((VOCABULARY + 31) / 32)
__device__ int choose(const Stream& stream, int position, const float* logits, double* weights, float* ranked, int* order,
                      const unsigned* seen) {
  int lane = threadIdx.x & 31, from = lane * SHARE, to = min(from + SHARE, VOCABULARY);
  double best = -1.0 / 0.0;
  int bestId = VOCABULARY;
  for (int id = from; id < to; id++) {
    double weight = logits[id];
    if (stream.repetitionPenalty != 1 && (seen[id >> 5] >> (id & 31) & 1)) {
      weight = weight > 0 ? weight / stream.repetitionPenalty : weight * stream.repetitionPenalty;
    }
    weights[id] = weight;
    if (weight > best) {
      best = weight;
      bestId = id;
    }
  }
  for (int step = 16; step > 0; step >>= 1) {
    double otherBest = __shfl_xor_sync(~0u, best, step);
    int otherId = __shfl_xor_sync(~0u, bestId, step);
    if (otherBest > best || (otherBest == best && otherId < bestId)) {
      best = otherBest;
      bestId = otherId;
    }
  }
  if (bestId >= VOCABULARY) bestId = 0;            // not a number at all
  if (stream.temperature == 0) return bestId;
  double own = 0, inverse = 1 / stream.temperature;
  for (int id = from; id < to; id++) {
    double weight = exp((weights[id] - best) * inverse);
    if (weight < stream.minP) weight = 0;
    weights[id] = weight;
    own += weight;
  }
  bool byRank = stream.topK > 0 && stream.topK < VOCABULARY;
  if (byRank || stream.topP < 1) {
    double enough = stream.topP * sumOfWarp(own);
    int count = stream.topK == 0 ? VOCABULARY : stream.topK;
    for (int id = from; id < to; id++) ranked[id] = (float)weights[id];
    __syncwarp();
    for (int id = from; id < to; id++) {
      int rank = 0;
      for (int other = 0; other < VOCABULARY; other++) {
        rank += ranked[other] > ranked[id] || (ranked[other] == ranked[id] && other < id);
      }
      order[rank] = id;
    }
    __syncwarp();
    if (lane == 0) {
      double reached = 0;
      for (int rank = 0; rank < VOCABULARY; rank++) {
        int id = order[rank];
        if (rank >= count || (rank > 0 && reached >= enough)) weights[id] = 0;
        else reached += weights[id];
      }
    }
    __syncwarp();
    own = 0;
    for (int id = from; id < to; id++) own += weights[id];
  }
  double before = own;                             // becomes what lanes before this one have
  for (int step = 1; step < 32; step <<= 1) {
    double other = __shfl_up_sync(~0u, before, step);
    if (lane >= step) before += other;
  }
  double total = __shfl_sync(~0u, before, 31);
  before -= own;
  double drawn = uniform(stream.seed, position) * total;
  int found = VOCABULARY;
  for (int id = from; id < to && found == VOCABULARY; id++) {
    before += weights[id];
    if (drawn < before) found = id;
  }
  unsigned finders = __ballot_sync(~0u, found < VOCABULARY);
  return finders == 0 ? bestId : __shfl_sync(~0u, found, __ffs(finders) - 1);
}

// One stream's and unit's step, from the sums of its gates.
__device__ __forceinline__ float gru(float h, float ir, float iz, float in, float hr, float hz, float hn) {
  float r = 1 / (1 + __expf(-(ir + hr)));
  float z = 1 / (1 + __expf(-(iz + hz)));
  float n = 2 / (1 + __expf(-2 * (in + r * hn))) - 1;
  return n + z * (h - n);
}

// Adds the products of this block's rows with a pair of k16 steps of eight streams.
__device__ __forceinline__ void add(float (&sums)[ROW_TILES][4], const half_t* matrix, int pair, uint4 column) {
  int lane = threadIdx.x & 31, g = lane >> 2, q = lane & 3;
#pragma unroll
  for (int tile = 0; tile < ROW_TILES; tile++) {
    const half_t* rows = matrix + (pair * ROWS + tile * 16) * 32 + q * 8;
    uint4 low = make_uint4(0, 0, 0, 0), high = low;
    if (tile * 16 + g < ROWS) low = *(const uint4*)(rows + g * 32);
    if (tile * 16 + 8 + g < ROWS) high = *(const uint4*)(rows + (g + 8) * 32);
    productPair(sums[tile], low, high, column);
  }
}

// A sum over k is the sum of eight slices' sums, in their order, whoever takes them.
__device__ __forceinline__ constexpr int sliceBegin(int which) { return which * PAIRS / WARPS; }

// This warp's slice, of the first tile of streams.
__device__ __forceinline__ void slice(float (&sums)[ROW_TILES][4], const half_t* matrix, const half_t* from) {
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  const half_t* b = from + (lane >> 2) * HIDDEN + (lane & 3) * 8;
#pragma unroll 4
  for (int pair = sliceBegin(warp); pair < sliceBegin(warp + 1); pair++) {
    add(sums, matrix, pair, published(b + pair * 32));
  }
}

__device__ __forceinline__ void store(float* to, const float (&sums)[ROW_TILES][4]) {
  int lane = threadIdx.x & 31, g = lane >> 2, q = lane & 3;
#pragma unroll
  for (int tile = 0; tile < ROW_TILES; tile++) {
    float* at = to + (tile * 16 + g) * 8 + q * 2;
    at[0] = sums[tile][0];
    at[1] = sums[tile][1];
    at[64] = sums[tile][2];
    at[65] = sums[tile][3];
  }
}

// All slices, by one warp; `from` points at a tile. Its loads are under way together, or it would wait for each.
__device__ __forceinline__ void whole(float* to, const half_t* matrix, const half_t* from) {
  int lane = threadIdx.x & 31;
  const half_t* b = from + (lane >> 2) * HIDDEN + (lane & 3) * 8;
  float total[ROW_TILES][4] = {}, sums[ROW_TILES][4] = {};
#pragma unroll
  for (int first = 0; first < PAIRS; first += BATCH) {
    uint4 columns[BATCH];
#pragma unroll
    for (int i = 0; i < BATCH; i++) if (first + i < PAIRS) columns[i] = published(b + (first + i) * 32);
#pragma unroll
    for (int i = 0; i < BATCH; i++) {
      if (first + i >= PAIRS) break;
      add(sums, matrix, first + i, columns[i]);
#pragma unroll
      for (int which = 0; which < WARPS; which++) {
        if (sliceBegin(which + 1) != first + i + 1 || sliceBegin(which) == sliceBegin(which + 1)) continue;
#pragma unroll
        for (int tile = 0; tile < ROW_TILES; tile++) {
#pragma unroll
          for (int n = 0; n < 4; n++) {
            total[tile][n] += sums[tile][n];
            sums[tile][n] = 0;
          }
        }
      }
    }
  }
  store(to, total);
}

extern "C" __global__ void __launch_bounds__(WARPS * 32, 1)
decode(const half_t* __restrict__ weights,         // [block][matrix][pair][row][32]; matrices: hidden 0, input 1, hidden 1, ...
       const float* __restrict__ table,            // [VOCABULARY][3][HIDDEN], input product and bias of the first layer
       const float* __restrict__ biases,           // [LAYERS][2][3][HIDDEN], input (unused for the first layer) and hidden
       const half_t* __restrict__ head,            // [pair][HEAD_ROWS][32]
       const float* __restrict__ headBias,         // [VOCABULARY]
       float* states,                              // [place][LAYERS][HIDDEN], read and written
       half_t* outputs,                            // [3 * LAYERS][places][HIDDEN]: states twice, inputs of what follows
       const Stream* streams,                      // [count]
       unsigned* seen,                             // [count][WORDS], a bit for each id that was written; read and written
       int* current,                               // [count], scratch
       int* written,                               // [count][steps]
       float* told,                                // [steps][count][VOCABULARY], or null: logits
       unsigned* control,                          // 0 and 0; [1] becomes 1 if time was up
       int count, int places, int steps, u64 nanos) {
  extern __shared__ __align__(16) unsigned char memory[];
  half_t* held = (half_t*)memory;                                       // [matrix][pair][row][32]
  float* hs = (float*)(held + MATRICES * MATRIX_HALVES);                // [LAYERS][UNITS][places]
  float* xs = hs + LAYERS * UNITS * places;                             // [UNITS][places]
  double* chances = (double*)(xs + UNITS * places);                     // [HEAD_ROWS]
  float* logits = (float*)(chances + HEAD_ROWS);                        // [HEAD_ROWS]
  float* ranked = logits + HEAD_ROWS;                                   // [HEAD_ROWS]
  int* order = (int*)(ranked + HEAD_ROWS);                              // [HEAD_ROWS]
  float* sums = (float*)(order + HEAD_ROWS);                            // [2][TILE_FLOATS], of one tile
  float* parts = sums + 2 * TILE_FLOATS;                                // [WARPS][2][TILE_FLOATS], or [WARPS][HEAD_ROWS]
  int t = threadIdx.x, warp = t >> 5, lane = t & 31, block = blockIdx.x, unit0 = block * UNITS;
  int tiles = (count + 7) / 8;
  bool sliced = tiles == 1;                        // else every warp has tiles of its own

  u64 now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  Barrier barrier = {control, control + 1, now + nanos, 0};

  const uint4* mine = (const uint4*)(weights + (size_t)block * MATRICES * MATRIX_HALVES);
  for (int i = t; i < MATRICES * MATRIX_HALVES / 8; i += WARPS * 32) ((uint4*)held)[i] = mine[i];
  for (int i = t; i < LAYERS * UNITS * tiles * 8; i += WARPS * 32) {
    int u = i % UNITS, l = i / UNITS % LAYERS, s = i / (UNITS * LAYERS);
    float h = s < count ? states[((size_t)s * LAYERS + l) * HIDDEN + unit0 + u] : 0;
    hs[(l * UNITS + u) * places + s] = h;
    outputs[((size_t)l * places + s) * HIDDEN + unit0 + u] = toHalf(h);
  }
  if (block == 0) for (int s = t; s < count; s += WARPS * 32) current[s] = streams[s].character;
  barrier.arrive();
  if (!barrier.wait()) return;

  for (int k = 0; k < steps; k++) {
    half_t* before = outputs + (size_t)(k & 1) * LAYERS * places * HIDDEN;
    half_t* after = outputs + (size_t)(~k & 1) * LAYERS * places * HIDDEN;
    half_t* inputs = outputs + (size_t)2 * LAYERS * places * HIDDEN;
    for (int l = 0; l < LAYERS; l++) {
      const half_t* hiddenMatrix = held + (l == 0 ? 0 : 2 * l) * MATRIX_HALVES;
      const half_t* inputMatrix = held + (2 * l - 1) * MATRIX_HALVES;
      const half_t* h = before + (size_t)l * places * HIDDEN;
      const half_t* x = inputs + (size_t)(l - 1) * places * HIDDEN;
      auto finish = [&](int tile, const float* input, const float* hidden) {
        for (int i = lane; i < 8 * UNITS; i += 32) {
          int u = i % UNITS, column = i / UNITS, s = tile * 8 + column;
          if (s >= count) continue;
          float gi[3], gh[3];
          int id = l == 0 ? __ldcg(current + s) : 0;
#pragma unroll
          for (int gate = 0; gate < 3; gate++) {
            int at = (gate * UNITS + u) * 8 + column, of = gate * HIDDEN + unit0 + u;
            gi[gate] = l == 0 ? __ldg(table + (size_t)id * 3 * HIDDEN + of)
                              : input[at] + __ldg(biases + l * 6 * HIDDEN + of);
            gh[gate] = hidden[at] + __ldg(biases + (l * 2 + 1) * 3 * HIDDEN + of);
          }
          float* own = hs + (l * UNITS + u) * places + s;
          float* sum = xs + u * places + s;
          float y = gru(*own, gi[0], gi[1], gi[2], gh[0], gh[1], gh[2]);
          if (k >= streams[s].length) y = *own;    // it is over, and keeps its state
          *own = y;
          float next = RESIDUAL && l > 0 ? *sum + y : y;
          *sum = next;
          if (RELU && l == LAYERS - 1) next = fmaxf(next, 0.f);
          size_t to = ((size_t)l * places + s) * HIDDEN + unit0 + u;
          after[to] = toHalf(y);
          inputs[to] = toHalf(next);
        }
      };
      if (sliced) {
        float input[ROW_TILES][4] = {}, hidden[ROW_TILES][4] = {};
        slice(hidden, hiddenMatrix, h);
        store(parts + (warp * 2 + 1) * TILE_FLOATS, hidden);
        if ((k > 0 || l > 0) && !barrier.wait()) return;
        if (l > 0) slice(input, inputMatrix, x);
        store(parts + warp * 2 * TILE_FLOATS, input);
        __syncthreads();
        for (int i = t; i < 2 * TILE_FLOATS; i += WARPS * 32) {
          float total = parts[i];
#pragma unroll
          for (int other = 1; other < WARPS; other++) total += parts[other * 2 * TILE_FLOATS + i];
          sums[i] = total;
        }
        __syncthreads();
        if (warp == 0) finish(0, sums, sums + TILE_FLOATS);
      } else {
        float* own = parts + warp * 2 * TILE_FLOATS;
        if (warp < tiles) whole(own + TILE_FLOATS, hiddenMatrix, h + warp * 8 * HIDDEN);
        if ((k > 0 || l > 0) && !barrier.wait()) return;
        for (int tile = warp; tile < tiles; tile += WARPS) {
          if (l > 0) whole(own, inputMatrix, x + tile * 8 * HIDDEN);
          if (tile != warp) whole(own + TILE_FLOATS, hiddenMatrix, h + tile * 8 * HIDDEN);
          __syncwarp();
          finish(tile, own, own + TILE_FLOATS);
          __syncwarp();
        }
      }
      barrier.arrive();
    }

    // A stream's logits, and its next character, are one block's.
    if (!barrier.wait()) return;
    for (int s = block; s < count; s += gridDim.x) {
      int g = lane >> 2, q = lane & 3;
      const half_t* x = inputs + ((size_t)(LAYERS - 1) * places + s) * HIDDEN + q * 8;
      uint4 columns[(PAIRS + WARPS - 1) / WARPS];
#pragma unroll
      for (int i = 0; i < (PAIRS + WARPS - 1) / WARPS; i++) {
        columns[i] = make_uint4(0, 0, 0, 0);
        if (g == 0 && sliceBegin(warp) + i < sliceBegin(warp + 1)) columns[i] = published(x + (sliceBegin(warp) + i) * 32);
      }
#pragma unroll 5
      for (int tile = 0; tile < HEAD_ROWS / 16; tile++) {
        float part[4] = {};
#pragma unroll
        for (int i = 0; i < (PAIRS + WARPS - 1) / WARPS; i++) {
          int pair = sliceBegin(warp) + i;
          if (pair >= sliceBegin(warp + 1)) break;
          const uint4* rows = (const uint4*)(head + ((size_t)pair * HEAD_ROWS + tile * 16 + g) * 32 + q * 8);
          productPair(part, __ldg(rows), __ldg(rows + 8 * 4), columns[i]);
        }
        if (q == 0) {
          parts[warp * HEAD_ROWS + tile * 16 + g] = part[0];
          parts[warp * HEAD_ROWS + tile * 16 + 8 + g] = part[2];
        }
      }
      __syncthreads();
      for (int id = t; id < VOCABULARY; id += WARPS * 32) {
        float total = parts[id];
#pragma unroll
        for (int other = 1; other < WARPS; other++) total += parts[other * HEAD_ROWS + id];
        logits[id] = total + __ldg(headBias + id);
        if (told) told[((size_t)k * count + s) * VOCABULARY + id] = logits[id];
      }
      __syncthreads();
      if (warp == 0 && k < streams[s].length) {
        unsigned* words = seen + (size_t)s * WORDS;
        int id = choose(streams[s], streams[s].position + k, logits, chances, ranked, order, words);
        if (lane == 0) {
          words[id >> 5] |= 1u << (id & 31);
          written[(size_t)s * steps + k] = id;
          asm volatile("st.global.cg.s32 [%0], %1;" ::"l"(current + s), "r"(id));
        }
      }
      __syncthreads();
    }
    barrier.arrive();
  }

  for (int i = t; i < LAYERS * UNITS * count; i += WARPS * 32) {
    int u = i % UNITS, l = i / UNITS % LAYERS, s = i / (UNITS * LAYERS);
    states[((size_t)s * LAYERS + l) * HIDDEN + unit0 + u] = hs[(l * UNITS + u) * places + s];
  }
}
