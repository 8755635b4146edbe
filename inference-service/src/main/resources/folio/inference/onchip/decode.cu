// Decodes a chunk of characters for many streams in one launch, with the network's weights in shared memory.
//
// A GRU that writes one character at a time is bound by launches and by reading its weights. Here neither happens: a grid
// of blocks that all run at once holds the weights, float16, for the whole launch; block b computes the units
// b * UNITS to b * UNITS + UNITS - 1 of every layer for every stream. What other blocks need of a layer, its output, goes
// through global memory (the L2 cache, that is), and so does a character, which one block chooses.
//
// Few streams, up to eight, are bound by how long that takes. No barrier then: an output is published as words of two halves
// and the step that they are of, and whoever needs them reads until all words are of that step. No word is overwritten too
// early: to write its output of the next step a block needs a character that was chosen from what all blocks made of the
// one before. Many streams are bound by how much is read, and words would be twice as much: halves alone, and a barrier
// over the grid after every layer and after the characters.
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
#define SLICE_PAIRS ((PAIRS + WARPS - 1) / WARPS)   // of a sum that eight warps share, most of one
#define HEAD_TILES (HEAD_ROWS / 16)
#define TILE_FLOATS (ROWS * 8)
#define AHEAD (10 / SLICE_PAIRS)                    // tiles of the head whose loads a lane has under way at once
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

__device__ __forceinline__ u64 nanoseconds() {
  u64 now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  return now;
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

// What a lane has of a slice of columns: words of two halves and the step that they are of.
struct Words {
  u64 of[SLICE_PAIRS][4];

  // Asks for this warp's slice, a column a group of four lanes.
  __device__ __forceinline__ void load(const u64* column, bool wanted);

  __device__ __forceinline__ uint4 halves(int pair) const {
    return make_uint4((unsigned)of[pair][0], (unsigned)of[pair][1], (unsigned)of[pair][2], (unsigned)of[pair][3]);
  }
};

// What a block waits for. Time may be up, if some block does not come: the launch ends then.
struct Grid {
  unsigned* count;                                 // the barrier's, which only grows
  unsigned* failed;
  u64 deadline;
  unsigned target;
  int late;                                        // whether this thread has seen that time is up

  // In a loop; looks at the clock now and then.
  __device__ __forceinline__ bool expired(unsigned& turns) {
    if ((++turns & 1023) != 0 || nanoseconds() <= deadline) return false;
    atomicExch(failed, 1u);
    late = 1;
    return true;
  }

  // Between arriving and waiting a block does what needs no other block.
  __device__ __forceinline__ void arrive() {
    __syncthreads();
    target += gridDim.x;
    if (threadIdx.x == 0) asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(count) : "memory");
  }

  // False if time is up.
  __device__ __forceinline__ bool wait() {
    if (threadIdx.x == 0) {
      unsigned seen, turns = 0;
      do {
        asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(seen) : "l"(count) : "memory");
      } while ((int)(seen - target) < 0 && !expired(turns));
    }
    return !__syncthreads_or(late);
  }

  // The character that a stream goes on from at a step. The word that tells it, step * VOCABULARY + id, only grows.
  __device__ __forceinline__ int character(const int* word, int step) {
    int seen;
    unsigned turns = 0;
    do {
      asm volatile("ld.relaxed.gpu.global.s32 %0, [%1];" : "=r"(seen) : "l"(word) : "memory");
    } while (seen < step * VOCABULARY && !expired(turns));
    return max(seen - step * VOCABULARY, 0);
  }

  // Reads a slice again until all of it is of a step.
  __device__ __forceinline__ void columns(Words& words, const u64* column, bool wanted, unsigned step);
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
  float r = __fdividef(1, 1 + __expf(-(ir + hr)));
  float z = __fdividef(1, 1 + __expf(-(iz + hz)));
  float n = __fdividef(2, 1 + __expf(-2 * (in + r * hn))) - 1;
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

__device__ __forceinline__ void Words::load(const u64* column, bool wanted) {
  int warp = threadIdx.x >> 5, first = sliceBegin(warp), count = sliceBegin(warp + 1) - first;
  const u64* from = column + first * 16 + (threadIdx.x & 3) * 4;
#pragma unroll
  for (int i = 0; i < SLICE_PAIRS; i++) {
    u64* w = of[i];
    w[0] = w[1] = w[2] = w[3] = 0;
    if (!wanted || i >= count) continue;
    asm volatile("ld.relaxed.gpu.global.v2.u64 {%0,%1}, [%2];" : "=l"(w[0]), "=l"(w[1]) : "l"(from + i * 16) : "memory");
    asm volatile("ld.relaxed.gpu.global.v2.u64 {%0,%1}, [%2];" : "=l"(w[2]), "=l"(w[3]) : "l"(from + i * 16 + 2) : "memory");
  }
}

__device__ __forceinline__ void Grid::columns(Words& words, const u64* column, bool wanted, unsigned step) {
  int warp = threadIdx.x >> 5, count = sliceBegin(warp + 1) - sliceBegin(warp);
  unsigned turns = 0;
  while (true) {
    bool missing = false;
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
#pragma unroll
      for (int n = 0; n < 4; n++) missing |= wanted && i < count && (unsigned)(words.of[i][n] >> 32) != step;
    }
    if (!__any_sync(~0u, missing)) return;
    if (__any_sync(~0u, expired(turns))) return;
    words.load(column, wanted);
  }
}

// This warp's slice of a product.
__device__ __forceinline__ void slice(float (&sums)[ROW_TILES][4], const half_t* matrix, const Words& words) {
  int warp = threadIdx.x >> 5, first = sliceBegin(warp);
#pragma unroll
  for (int i = 0; i < SLICE_PAIRS; i++) {
    if (first + i < sliceBegin(warp + 1)) add(sums, matrix, first + i, words.halves(i));
  }
}

// Two units' outputs and the step that they are of, at once.
__device__ __forceinline__ void publish(u64* to, float low, float high, unsigned step) {
  u64 word = toHalf(low) | (unsigned)toHalf(high) << 16 | (u64)step << 32;
  asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(to), "l"(word) : "memory");
}

__device__ __forceinline__ void store(float* to, const float (&sums)[ROW_TILES][4]) {
  int lane = threadIdx.x & 31, g = lane >> 2, q = lane & 3;
#pragma unroll
  for (int tile = 0; tile < ROW_TILES; tile++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int row = tile * 16 + half * 8 + g;
      if (row < ROWS) *(float2*)(to + row * 8 + q * 2) = make_float2(sums[tile][half * 2], sums[tile][half * 2 + 1]);
    }
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

// What the rows of a tile of the head are for this warp's slice.
struct HeadTile {
  uint4 rows[SLICE_PAIRS][2];

  __device__ __forceinline__ void load(const half_t* head, int tile) {
    int lane = threadIdx.x & 31, first = sliceBegin(threadIdx.x >> 5), count = sliceBegin((threadIdx.x >> 5) + 1) - first;
    const half_t* from = head + ((size_t)first * HEAD_ROWS + tile * 16 + (lane >> 2)) * 32 + (lane & 3) * 8;
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
      if (i >= count) break;
#pragma unroll
      for (int n = 0; n < 2; n++) {
        uint4& row = rows[i][n];
        asm volatile("ld.global.nc.v4.u32 {%0,%1,%2,%3}, [%4];"
                     : "=r"(row.x), "=r"(row.y), "=r"(row.z), "=r"(row.w)
                     : "l"(from + (i * HEAD_ROWS + n * 8) * 32));
      }
    }
  }

  // The products with one column, which the first group of four lanes has.
  __device__ __forceinline__ void multiply(float* to, int tile, const uint4 (&column)[SLICE_PAIRS]) const {
    int lane = threadIdx.x & 31, count = sliceBegin((threadIdx.x >> 5) + 1) - sliceBegin(threadIdx.x >> 5);
    float part[4] = {};
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
      if (i < count) productPair(part, rows[i][0], rows[i][1], column[i]);
    }
    if ((lane & 3) == 0) {
      to[tile * 16 + (lane >> 2)] = part[0];
      to[tile * 16 + 8 + (lane >> 2)] = part[2];
    }
  }
};

// A block: its units of every layer for every stream, and the characters of some streams.
struct Block {
  const float* table;                              // as decode's parameters, so far as they are needed from step to step
  const half_t* head;
  const float* headBias;
  half_t* outputs;
  const Stream* streams;
  unsigned* seen;
  int* current;
  int* written;
  float* told;
  int count, places, steps, unit0;
  Grid grid;
  Words own;                                       // few streams: states of the layer that comes next

  // Shared memory.
  half_t* held;                                    // [matrix][pair][row][32]
  float* hs;                                       // [LAYERS][UNITS][places], states
  float* xs;                                       // [UNITS][places], outputs of the layer before
  float* bias;                                     // [LAYERS][2][3][UNITS]
  double* chances;                                 // [HEAD_ROWS]
  float* logits;                                   // [HEAD_ROWS]
  float* ranked;                                   // [HEAD_ROWS]
  int* order;                                      // [HEAD_ROWS]
  int* lengths;                                    // [places], of streams; 0 where there is none
  float* sums;                                     // [2][TILE_FLOATS], of one tile: input and hidden
  float* parts;                                    // [WARPS][2][TILE_FLOATS], or [WARPS][HEAD_ROWS]

  __device__ __forceinline__ void layOut(unsigned char* memory) {
    held = (half_t*)memory;
    hs = (float*)(held + MATRICES * MATRIX_HALVES);
    xs = hs + LAYERS * UNITS * places;
    bias = xs + UNITS * places;
    chances = (double*)(bias + LAYERS * 6 * UNITS);
    logits = (float*)(chances + HEAD_ROWS);
    ranked = logits + HEAD_ROWS;
    order = (int*)(ranked + HEAD_ROWS);
    lengths = order + HEAD_ROWS;
    sums = (float*)(lengths + places);
    parts = sums + 2 * TILE_FLOATS;
  }

  // Where layers' outputs and, of an even and an odd step, states are in `outputs`.
  __device__ __forceinline__ static int stateAt(int k, int l) { return (k & 1) * LAYERS + l; }
  __device__ __forceinline__ static int outputAt(int l) { return 2 * LAYERS + l; }

  // Of few streams: the columns, a stream a column.
  __device__ __forceinline__ u64* words(int at, int column) const {
    return (u64*)outputs + (at * 8 + column) * (HIDDEN / 2);
  }

  // Of many.
  __device__ __forceinline__ half_t* halves(int at, int stream) const {
    return outputs + ((size_t)at * places + stream) * HIDDEN;
  }

  template <bool FEW>
  __device__ __forceinline__ void begin(const half_t* weights, const float* biases, const float* states) {
    int t = threadIdx.x;
    const uint4* mine = (const uint4*)(weights + (size_t)blockIdx.x * MATRICES * MATRIX_HALVES);
    for (int i = t; i < MATRICES * MATRIX_HALVES / 8; i += WARPS * 32) ((uint4*)held)[i] = mine[i];
    for (int i = t; i < LAYERS * 6 * UNITS; i += WARPS * 32) bias[i] = biases[i / UNITS * HIDDEN + unit0 + i % UNITS];
    for (int s = t; s < places; s += WARPS * 32) lengths[s] = s < count ? streams[s].length : 0;
    for (int i = t; i < LAYERS * UNITS * places; i += WARPS * 32) {
      int u = i % UNITS, l = i / UNITS % LAYERS, s = i / (UNITS * LAYERS);
      float h = s < count ? states[((size_t)s * LAYERS + l) * HIDDEN + unit0 + u] : 0;
      hs[(l * UNITS + u) * places + s] = h;
      if (!FEW) halves(stateAt(0, l), s)[unit0 + u] = toHalf(h);
    }
    if (blockIdx.x == 0) for (int s = t; s < count; s += WARPS * 32) current[s] = streams[s].character;
    __syncthreads();
    if (FEW) {
      for (int i = t; i < 3 * LAYERS * 8 * UNITS / 2; i += WARPS * 32) {
        int u = i % (UNITS / 2) * 2, s = i / (UNITS / 2) % 8, at = i / (UNITS / 2) / 8;
        const float* h = hs + (at * UNITS + u) * places + s;
        bool state = at < LAYERS;                  // those of step 0; the rest is of no step yet
        publish(words(at, s) + (unit0 + u) / 2, state ? h[0] : 0, state ? h[places] : 0, state);
      }
    }
    grid.arrive();
  }

  // From the sums of a tile's gates to states and outputs, by a warp.
  template <bool FEW>
  __device__ __forceinline__ void finish(int k, int l, int tile, const float* input, const float* hidden) {
    for (int i = threadIdx.x & 31; i < 8 * UNITS; i += 32) {
      int u = i % UNITS, column = i / UNITS, s = tile * 8 + column;
      bool runs = k < lengths[s];                  // else it is over, and keeps its state
      float y = 0, next = 0;
      if (runs) {
        float gi[3], gh[3];
        int id = l == 0 ? grid.character(current + s, k) : 0;
#pragma unroll
        for (int gate = 0; gate < 3; gate++) {
          int at = (gate * UNITS + u) * 8 + column;
          const float* b = bias + (l * 6 + gate) * UNITS + u;
          gi[gate] = l == 0 ? __ldg(table + ((size_t)id * 3 + gate) * HIDDEN + unit0 + u) : input[at] + b[0];
          gh[gate] = hidden[at] + b[3 * UNITS];
        }
        float* h = hs + (l * UNITS + u) * places + s;
        float* x = xs + u * places + s;
        y = gru(*h, gi[0], gi[1], gi[2], gh[0], gh[1], gh[2]);
        *h = y;
        next = RESIDUAL && l > 0 ? *x + y : y;
        *x = next;
        if (RELU && l == LAYERS - 1) next = fmaxf(next, 0.f);
      }
      if (FEW) {
        float yAbove = __shfl_down_sync(~0u, y, 1), nextAbove = __shfl_down_sync(~0u, next, 1);
        if (runs && u % 2 == 0) {
          publish(words(outputAt(l), column) + (unit0 + u) / 2, next, nextAbove, k + 1);
          publish(words(stateAt(k + 1, l), column) + (unit0 + u) / 2, y, yAbove, k + 2);
        }
      } else if (runs) {
        halves(outputAt(l), s)[unit0 + u] = toHalf(next);
        halves(stateAt(k + 1, l), s)[unit0 + u] = toHalf(y);
      }
    }
  }

  __device__ __forceinline__ const half_t* hiddenMatrix(int l) const { return held + (l == 0 ? 0 : 2 * l) * MATRIX_HALVES; }
  __device__ __forceinline__ const half_t* inputMatrix(int l) const { return held + (2 * l - 1) * MATRIX_HALVES; }

  // The layers of a step of few streams: every warp has a slice of all sums. False if time is up.
  __device__ __forceinline__ bool layersOfFew(int k) {
    int t = threadIdx.x, warp = t >> 5, column = (t & 31) >> 2;
    bool wanted = k < lengths[column];
    for (int l = 0; l < LAYERS; l++) {
      float input[ROW_TILES][4] = {}, hidden[ROW_TILES][4] = {};
      grid.columns(own, words(stateAt(k, l), column), wanted, k + 1);
      slice(hidden, hiddenMatrix(l), own);
      store(parts + (warp * 2 + 1) * TILE_FLOATS, hidden);
      Words below;
      if (l > 0) below.load(words(outputAt(l - 1), column), wanted);
      own.load(l < LAYERS - 1 ? words(stateAt(k, l + 1), column) : words(stateAt(k + 1, 0), column), wanted);
      if (l > 0) {
        grid.columns(below, words(outputAt(l - 1), column), wanted, k + 1);
        slice(input, inputMatrix(l), below);
      }
      store(parts + warp * 2 * TILE_FLOATS, input);
      if (__syncthreads_or(grid.late)) return false;
      for (int i = t; i < 2 * TILE_FLOATS; i += WARPS * 32) {
        float total = parts[i];
#pragma unroll
        for (int other = 1; other < WARPS; other++) total += parts[other * 2 * TILE_FLOATS + i];
        sums[i] = total;
      }
      __syncthreads();
      if (warp == 0) finish<true>(k, l, 0, sums, sums + TILE_FLOATS);  // the others go on meanwhile
    }
    return true;
  }

  // The layers of a step of many: every warp has tiles of its own.
  __device__ __forceinline__ bool layersOfMany(int k) {
    int warp = threadIdx.x >> 5, tiles = (count + 7) / 8;
    float* input = parts + warp * 2 * TILE_FLOATS;
    float* hidden = input + TILE_FLOATS;
    for (int l = 0; l < LAYERS; l++) {
      if (warp < tiles) whole(hidden, hiddenMatrix(l), halves(stateAt(k, l), warp * 8));
      if (!grid.wait()) return false;
      for (int tile = warp; tile < tiles; tile += WARPS) {
        if (l > 0) whole(input, inputMatrix(l), halves(outputAt(l - 1), tile * 8));
        if (tile != warp) whole(hidden, hiddenMatrix(l), halves(stateAt(k, l), tile * 8));
        __syncwarp();
        finish<false>(k, l, tile, input, hidden);
        __syncwarp();
      }
      grid.arrive();
    }
    return true;
  }

  // A stream's logits, and its next character, are one block's. False if time is up.
  template <bool FEW>
  __device__ __forceinline__ bool characters(int k) {
    int t = threadIdx.x, warp = t >> 5, lane = t & 31, first = sliceBegin(warp), pairs = sliceBegin(warp + 1) - first;
    HeadTile tiles[AHEAD];
    auto load = [&](int from) {
#pragma unroll
      for (int i = 0; i < AHEAD; i++) if (from + i < HEAD_TILES) tiles[i].load(head, from + i);
    };
    if (!FEW) {
      if (blockIdx.x < count) load(0);             // while others are still at the last layer
      if (!grid.wait()) return false;
    }
    for (int s = blockIdx.x; s < count; s += gridDim.x) {
      if (k >= lengths[s]) continue;
      uint4 column[SLICE_PAIRS];
      if (FEW) {
        Words output;
        output.load(words(outputAt(LAYERS - 1), s), lane < 4);
        grid.columns(output, words(outputAt(LAYERS - 1), s), lane < 4, k + 1);
#pragma unroll
        for (int i = 0; i < SLICE_PAIRS; i++) column[i] = output.halves(i);
      } else {
        const half_t* from = halves(outputAt(LAYERS - 1), s) + first * 32 + lane * 8;
#pragma unroll
        for (int i = 0; i < SLICE_PAIRS; i++) {
          column[i] = make_uint4(0, 0, 0, 0);
          if (lane < 4 && i < pairs) column[i] = published(from + i * 32);
        }
      }
      for (int from = 0; from < HEAD_TILES; from += AHEAD) {
        if (FEW || from > 0 || s != blockIdx.x) load(from);
#pragma unroll
        for (int i = 0; i < AHEAD; i++) {
          if (from + i < HEAD_TILES) tiles[i].multiply(parts + warp * HEAD_ROWS, from + i, column);
        }
      }
      if (__syncthreads_or(grid.late)) return false;
      for (int id = t; id < VOCABULARY; id += WARPS * 32) {
        float total = parts[id];
#pragma unroll
        for (int other = 1; other < WARPS; other++) total += parts[other * HEAD_ROWS + id];
        logits[id] = total + __ldg(headBias + id);
        if (told) told[((size_t)k * count + s) * VOCABULARY + id] = logits[id];
      }
      __syncthreads();
      if (warp == 0) {
        unsigned* ids = seen + (size_t)s * WORDS;
        int id = choose(streams[s], streams[s].position + k, logits, chances, ranked, order, ids);
        if (lane == 0) {
          ids[id >> 5] |= 1u << (id & 31);
          written[(size_t)s * steps + k] = id;
          asm volatile("st.relaxed.gpu.global.s32 [%0], %1;" ::"l"(current + s), "r"((k + 1) * VOCABULARY + id) : "memory");
        }
      }
      if (s + gridDim.x < count) __syncthreads();  // what is chosen from is written again
    }
    if (!FEW) grid.arrive();
    return true;
  }

  template <bool FEW>
  __device__ __forceinline__ void run(const half_t* weights, const float* biases, float* states) {
    begin<FEW>(weights, biases, states);
    if (!grid.wait()) return;
    if (FEW) {
      int column = (threadIdx.x & 31) >> 2;
      own.load(words(stateAt(0, 0), column), lengths[column] > 0);
    }
    for (int k = 0; k < steps; k++) {
      if (!(FEW ? layersOfFew(k) : layersOfMany(k)) || !characters<FEW>(k)) return;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < LAYERS * UNITS * count; i += WARPS * 32) {
      int u = i % UNITS, l = i / UNITS % LAYERS, s = i / (UNITS * LAYERS);
      states[((size_t)s * LAYERS + l) * HIDDEN + unit0 + u] = hs[(l * UNITS + u) * places + s];
    }
  }
};

extern "C" __global__ void __launch_bounds__(WARPS * 32, 1)
decode(const half_t* __restrict__ weights,         // [block][matrix][pair][row][32]; matrices: hidden 0, input 1, hidden 1, ...
       const float* __restrict__ table,            // [VOCABULARY][3][HIDDEN], input product and bias of the first layer
       const float* __restrict__ biases,           // [LAYERS][2][3][HIDDEN], input (unused for the first layer) and hidden
       const half_t* __restrict__ head,            // [pair][HEAD_ROWS][32]
       const float* __restrict__ headBias,         // [VOCABULARY]
       float* states,                              // [place][LAYERS][HIDDEN], read and written
       half_t* outputs,                            // [3 * LAYERS][places][HIDDEN]: states twice, inputs of what follows;
                                                   // few streams: words, [3 * LAYERS][8][HIDDEN / 2]
       const Stream* streams,                      // [count]
       unsigned* seen,                             // [count][WORDS], a bit for each id that was written; read and written
       int* current,                               // [count], scratch: see Grid::character
       int* written,                               // [count][steps]
       float* told,                                // [steps][count][VOCABULARY], or null: logits
       unsigned* control,                          // 0, 0; [1] becomes 1 if time was up, [2] the nanoseconds it took
       int count, int places, int steps, u64 nanos) {
  extern __shared__ __align__(16) unsigned char memory[];
  u64 began = nanoseconds();
  Block block = {table, head, headBias, outputs, streams, seen, current, written, told, count, places, steps,
                 (int)blockIdx.x * UNITS, {control, control + 1, began + nanos, 0, 0}};
  block.layOut(memory);
  if (count <= 8) block.run<true>(weights, biases, states);
  else block.run<false>(weights, biases, states);
  if (blockIdx.x == 0 && threadIdx.x == 0) control[2] = (unsigned)(nanoseconds() - began);
}
