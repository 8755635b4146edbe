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
// over the grid after every layer and after the characters. Where blocks can be a cluster, two share what they read: each
// has half of k, for the rows of both, and sends the other what it makes of that one's rows.
//
// Products are tensor cores' (m16n8k16): rows of weights times eight streams, float16 in, float32 out. A stream is a column
// of such a product: what it comes to does not depend on the other columns, and sums are taken in the same order whether
// one warp takes them or eight do, in one block or two. So a stream's text is the same to the last bit alone and among 255
// others, in whatever place, in chunks of whatever length. States and the residual sum are float32 and stay with the block
// that owns the unit.
//
// Compile-time: LAYERS, HIDDEN, UNITS (a multiple of 4 that divides HIDDEN), VOCABULARY, RESIDUAL, RELU (before the head),
// CLUSTER (1 or 2 blocks that share what they read). The grid has HIDDEN / UNITS blocks of 256 threads and must be launched
// cooperatively.

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
#define HALF (PAIRS / 2)                            // of k, in pairs
#define BATCH (HALF < 8 ? HALF : 8)                 // of a half: what a lane loads of a tile before it uses it
#define TILES 4                                     // of many streams, that a warp has at most
#define GIVEN_FLOATS ((ROWS + 7) / 8 * 64)          // what a warp gives another of a tile, in eights of rows

// One stream; written by the host before a launch. 64 bytes. A step leads from one character to the next, which is given,
// as those of a prompt are, or drawn.
struct Stream {
  long long seed;
  double temperature;                              // 0: the most likely character
  double topP, minP, repetitionPenalty;
  int topK;
  int character;                                   // the one before the first step
  int position;                                    // of the first to be drawn, counted in drawn characters
  int length;                                      // steps, at most the launch's
  int givenFrom, given;                            // where in the launch's the given ones are, and of how many steps
};

// What a launch is given, on the device.
struct Launch {
  const half_t* weights;                           // [block][matrix][pair][row][32]; matrices: hidden 0, input 1, hidden 1, ...
  const float* table;                              // [VOCABULARY][3][HIDDEN], input product and bias of the first layer
  const float* biases;                             // [LAYERS][2][3][HIDDEN], input (unused for the first layer) and hidden
  const half_t* head;                              // [pair][HEAD_ROWS][32]
  const float* headBias;                           // [VOCABULARY]
  float* states;                                   // [place][LAYERS][HIDDEN], read and written
  half_t* outputs;                                 // [3 * LAYERS][places][HIDDEN]: states twice, inputs of what follows;
                                                   // few streams: words, [3 * LAYERS][8][HIDDEN / 2]
  const Stream* streams;                           // [count]
  const int* given;                                // characters of streams, see Stream
  unsigned* seen;                                  // [count][WORDS], a bit for each id that was written; read and written
  int* current;                                    // [count], scratch: see Grid::character
  int* written;                                    // [count][steps], given ones too
  float* told;                                     // [steps][count][VOCABULARY], or null: logits
  unsigned* control;                               // 0, 0; [1] becomes 1 if time was up, [2] the nanoseconds it took
  u64 nanos;                                       // that it may take
  int count, places, steps;                        // streams; the same in whole tiles; most characters of one
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
__device__ __forceinline__ void firstOfPair(float (&sum)[4], uint4 low, uint4 high, uint4 b) {
  product(sum, low.x, high.x, low.y, high.y, b.x, b.y);
}

__device__ __forceinline__ void secondOfPair(float (&sum)[4], uint4 low, uint4 high, uint4 b) {
  product(sum, low.z, high.z, low.w, high.w, b.z, b.w);
}

// What a lane has of a slice of columns: words of two halves and the step that they are of.
struct Words {
  u64 of[SLICE_PAIRS][4];

  // Asks for this lane's part of a column.
  __device__ __forceinline__ void load(const u64* from, bool wanted);

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
  __device__ __forceinline__ void columns(Words& words, const u64* from, bool wanted, unsigned step);
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

// The same in every lane, to the last bit.
template <typename T>
__device__ __forceinline__ T sumOfWarp(T value) {
  for (int step = 16; step > 0; step >>= 1) value += __shfl_xor_sync(~0u, value, step);
  return value;
}

// What lanes up to this one have.
template <typename T>
__device__ __forceinline__ T sumUpTo(T value) {
  for (int step = 1; step < 32; step <<= 1) {
    T other = __shfl_up_sync(~0u, value, step);
    if ((threadIdx.x & 31) >= step) value += other;
  }
  return value;
}

// Weights, from 0 to 1, order as their bits do; float's suffice to rank.
__device__ __forceinline__ unsigned rankOf(double weight) { return __float_as_uint((float)weight); }

// Keeps the largest weights, of equal ones those of lower ids: at most count, and no more than it takes to reach enough.
// Others become 0. By a warp, lane by lane its ids. It does not sort, but finds the rank of the last one kept, bit by bit,
// until no other is as close to it. Apart from what calls it, which needs all registers where nothing is ranked.
__device__ __noinline__ void keepLargest(double* weights, int from, int to, int count, double enough) {
  unsigned last = 0, beyond = 1u << 30;            // the weights from here on are enough, from there on too few; 1 is below
  int most = VOCABULARY, fewest = 0;               // so many are they
  double least = 0;                                // and together the fewest
  for (unsigned bit = beyond >> 1; bit > 0 && most - fewest > 1; bit >>= 1) {
    int number = 0;
    double reached = 0;
    for (int id = from; id < to; id++) {
      if (rankOf(weights[id]) < (last | bit)) continue;
      number++;
      reached += weights[id];
    }
    number = sumOfWarp(number);
    reached = sumOfWarp(reached);
    if (number >= count || reached >= enough) last |= bit, most = number;
    else beyond = last | bit, fewest = number, least = reached;
  }
  int before = fewest;
  double reached = least;
  if (most - fewest > 1) {                         // equal ones: what those of lower ids, in other lanes, come to
    int number = 0;
    double own = 0;
    for (int id = from; id < to; id++) if (rankOf(weights[id]) == last) number++, own += weights[id];
    before += sumUpTo(number) - number;
    reached += sumUpTo(own) - own;
  }
  for (int id = from; id < to; id++) {
    unsigned rank = rankOf(weights[id]);
    if (rank >= beyond) continue;
    if (rank < last || before >= count || (before > 0 && reached >= enough)) weights[id] = 0;
    else before++, reached += weights[id];
  }
}

// As folio.model.sampling.Sampler, by one warp: lane i has the ids from i * SHARE on, an odd number of them, so that lanes
// find theirs in different banks of shared memory.
#define SHARE ((VOCABULARY + 31) / 32 | 1)
__device__ int choose(const Stream& stream, int position, const float* logits, double* weights, const unsigned* seen) {
  int from = (threadIdx.x & 31) * SHARE, to = min(from + SHARE, VOCABULARY);
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
  if (bestId >= VOCABULARY) bestId = 0;            // no logit is a number
  if (stream.temperature == 0) return bestId;
  double own = 0, inverse = 1 / stream.temperature;
  for (int id = from; id < to; id++) {
    // A penalty may make logits infinite, and what is not a number must not be ranked.
    double weight = exp((weights[id] - best) * inverse);
    if (weights[id] == best) weight = 1;
    if (!(weight >= stream.minP)) weight = 0;
    weights[id] = weight;
    own += weight;
  }
  if ((stream.topK > 0 && stream.topK < VOCABULARY) || stream.topP < 1) {
    keepLargest(weights, from, to, stream.topK == 0 ? VOCABULARY : stream.topK, stream.topP * sumOfWarp(own));
    own = 0;
    for (int id = from; id < to; id++) own += weights[id];
  }
  double before = sumUpTo(own);
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

// What a lane has of a block's rows, [ROWS][32], for a pair of k16 steps; zeros past the last.
struct Rows {
  uint4 low[ROW_TILES], high[ROW_TILES];

  __device__ __forceinline__ void load(const half_t* rows, bool wanted) {
    int lane = threadIdx.x & 31, g = lane >> 2, q = lane & 3;
#pragma unroll
    for (int tile = 0; tile < ROW_TILES; tile++) {
      const half_t* at = rows + (tile * 16 + g) * 32 + q * 8;
      low[tile] = high[tile] = make_uint4(0, 0, 0, 0);
      if (wanted && tile * 16 + g < ROWS) low[tile] = *(const uint4*)at;
      if (wanted && tile * 16 + 8 + g < ROWS) high[tile] = *(const uint4*)(at + 8 * 32);
    }
  }
};

// Adds the products of a cluster's rows, [CLUSTER][ROWS][32], with a pair of k16 steps of N tiles of eight streams. Those of
// the first step do not wait for each other, nor do those of the second.
template <int N>
__device__ __forceinline__ void add(float (&sums)[CLUSTER][N][ROW_TILES][4], const half_t* rows, const uint4 (&columns)[N]) {
  Rows blocks[CLUSTER];
#pragma unroll
  for (int of = 0; of < CLUSTER; of++) blocks[of].load(rows + of * ROWS * 32, true);
#pragma unroll
  for (int step = 0; step < 2; step++) {
#pragma unroll
    for (int tile = 0; tile < N; tile++) {
#pragma unroll
      for (int i = 0; i < CLUSTER * ROW_TILES; i++) {
        int of = i / ROW_TILES, rowTile = i % ROW_TILES;
        const Rows& block = blocks[of];
        float(&sum)[4] = sums[of][tile][rowTile];
        if (step == 0) firstOfPair(sum, block.low[rowTile], block.high[rowTile], columns[tile]);
        else secondOfPair(sum, block.low[rowTile], block.high[rowTile], columns[tile]);
      }
    }
  }
}

// A sum over k is that of its first half and that of its second, each that of four slices' sums, in their order.
__device__ __forceinline__ constexpr int sliceBegin(int which) { return which * PAIRS / WARPS; }

// Whether a pair of a half, of either, is the last of a slice.
__device__ __forceinline__ constexpr bool endsSlice(int pair) {
  for (int which = 1; which <= WARPS / 2; which++) {
    if (sliceBegin(which) == pair + 1) return true;
  }
  return false;
}

// Adds N numbers to others, and leaves zeros.
template <int N>
__device__ __forceinline__ void addAndClear(float* to, float* from) {
#pragma unroll
  for (int i = 0; i < N; i++) to[i] += from[i], from[i] = 0;
}

__device__ __forceinline__ void Words::load(const u64* from, bool wanted) {
  int warp = threadIdx.x >> 5, count = sliceBegin(warp + 1) - sliceBegin(warp);
#pragma unroll
  for (int i = 0; i < SLICE_PAIRS; i++) {
    u64* w = of[i];
    w[0] = w[1] = w[2] = w[3] = 0;
    if (!wanted || i >= count) continue;
    asm volatile("ld.relaxed.gpu.global.v2.u64 {%0,%1}, [%2];" : "=l"(w[0]), "=l"(w[1]) : "l"(from + i * 16) : "memory");
    asm volatile("ld.relaxed.gpu.global.v2.u64 {%0,%1}, [%2];" : "=l"(w[2]), "=l"(w[3]) : "l"(from + i * 16 + 2) : "memory");
  }
}

__device__ __forceinline__ void Grid::columns(Words& words, const u64* from, bool wanted, unsigned step) {
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
    words.load(from, wanted);
  }
}

// This warp's slice of a matrix, and of a product with it.
struct Slice {
  Rows rows[SLICE_PAIRS];

  __device__ __forceinline__ void load(const half_t* matrix) {
    int warp = threadIdx.x >> 5, first = sliceBegin(warp);
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) rows[i].load(matrix + (first + i) * ROWS * 32, first + i < sliceBegin(warp + 1));
  }

  __device__ __forceinline__ void multiply(float (&sums)[ROW_TILES][4], const Words& words) const {
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
#pragma unroll
      for (int tile = 0; tile < ROW_TILES; tile++) {
        firstOfPair(sums[tile], rows[i].low[tile], rows[i].high[tile], words.halves(i));
        secondOfPair(sums[tile], rows[i].low[tile], rows[i].high[tile], words.halves(i));
      }
    }
  }
};

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

// What a warp has of a product for its tiles of many streams: of a part of k, for the rows of this block and of its other.
struct Sums {
  float of[TILES][CLUSTER][ROW_TILES][4];
};

// The other block of a cluster, which has the other half of k, and what it sends: sums for this block's rows. One of no
// cluster has all of k, and no other.
struct Other {
  float* received;                                 // [TILES][WARPS][2][GIVEN_FLOATS], input and hidden; without an other, of
                                                   // one tile, for what is made of it
  u64* arrivals;                                   // [WARPS], a barrier each
  unsigned far;                                    // from a place in this block's memory to the same in the other's
  unsigned phase;                                  // of the barriers

  __device__ __forceinline__ static unsigned rank() { return blockIdx.x % CLUSTER; }

  __device__ __forceinline__ static unsigned shared(const void* here) { return (unsigned)__cvta_generic_to_shared(here); }

  // The same place in the other's memory.
  __device__ __forceinline__ unsigned there(const void* here) const { return shared(here) + far; }

  // Where the two numbers that a lane has of an eight of rows are.
  __device__ __forceinline__ float* at(int n, int which, int eight) const {
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    return received + ((n * WARPS + warp) * 2 + which) * GIVEN_FLOATS + eight * 64 + lane * 2;
  }

  // Waits until both are here, as they must be while one writes the other's memory.
  __device__ __forceinline__ static void meet() {
    if (CLUSTER > 1) {
      asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
      asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
    }
  }

  __device__ __forceinline__ void begin() {
    if (CLUSTER == 1) return;
    asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(far) : "r"(shared(received)), "r"(rank() ^ 1));
    far -= shared(received);
    if (threadIdx.x < WARPS) {
      asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(shared(arrivals + threadIdx.x)) : "memory");
      asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }
    meet();
  }

  // Gives the other's rows of a tile away; it sees how many bytes have come.
  __device__ __forceinline__ void send(const Sums& sums, int n, int which) const {
    unsigned arrival = there(arrivals + (threadIdx.x >> 5));
#pragma unroll
    for (int i = 0; i < GIVEN_FLOATS / 64; i++) {
      const float* of = &sums.of[n][CLUSTER - 1][i / 2][i % 2 * 2];
      asm volatile("st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v2.f32 [%0], {%1,%2}, [%3];" ::"r"(
                       there(at(n, which, i))),
                   "f"(of[0]), "f"(of[1]), "r"(arrival)
                   : "memory");
    }
  }

  // Adds what the other has sent of a tile.
  __device__ __forceinline__ void addTo(Sums& sums, int n, int which) const {
#pragma unroll
    for (int i = 0; i < GIVEN_FLOATS / 64; i++) {
      float2 more = *(const float2*)at(n, which, i);
      float* of = &sums.of[n][0][i / 2][i % 2 * 2];
      of[0] += more.x, of[1] += more.y;
    }
  }

  // Waits for so many products of tiles to have come.
  __device__ __forceinline__ void wait(Grid& grid, int products) {
    unsigned own = shared(arrivals + (threadIdx.x >> 5));
    if ((threadIdx.x & 31) == 0) {
      asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(own), "r"(products * GIVEN_FLOATS * 4)
                   : "memory");
    }
    unsigned done, turns = 0;
    do {
      asm volatile("{.reg .pred p; mbarrier.test_wait.parity.acquire.cluster.shared::cta.b64 p, [%1], %2; selp.u32 %0, 1, 0, p;}"
                   : "=r"(done)
                   : "r"(own), "r"(phase)
                   : "memory");
    } while (!done && !grid.expired(turns));
    phase ^= 1;
  }
};

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
      if (i >= count) continue;
      firstOfPair(part, rows[i][0], rows[i][1], column[i]);
      secondOfPair(part, rows[i][0], rows[i][1], column[i]);
    }
    if ((lane & 3) == 0) {
      to[tile * 16 + (lane >> 2)] = part[0];
      to[tile * 16 + 8 + (lane >> 2)] = part[2];
    }
  }
};

// A block: its units of every layer for every stream, and the characters of some streams.
struct Block {
  const Launch& launch;
  int unit0;
  int choosers;                                    // warps that choose at the same time, for a stream each
  Grid grid;
  Words own;                                       // few streams: states of the layer that comes next
  Other other;                                     // many

  // Shared memory.
  half_t* held;                                    // [matrix][pair][row][32]; in a cluster, pairs are half of them, and
                                                   // after a pair's rows come those of the other block
  float* hs;                                       // few: [LAYERS][UNITS][places], states
  float* xs;                                       // [UNITS][places], outputs of the layer before
  float* bias;                                     // [LAYERS][2][3][UNITS]
  double* chances;                                 // [choosers][HEAD_ROWS]
  float* logits;                                   // [choosers][HEAD_ROWS]
  unsigned short (*lengths)[2];                    // [places], of streams, and steps given; 0 where there is none
  float* sums;                                     // few: [2][TILE_FLOATS], of one tile: input and hidden
  float* parts;                                    // [WARPS][HEAD_ROWS]; few: or [WARPS][2][TILE_FLOATS]

  template <bool FEW>
  __device__ __forceinline__ void layOut(unsigned char* memory) {
    int places = launch.places;
    held = (half_t*)memory;
    chances = (double*)(held + MATRICES * MATRIX_HALVES);
    xs = (float*)(chances + choosers * HEAD_ROWS);
    bias = xs + UNITS * places;
    logits = bias + LAYERS * 6 * UNITS;
    lengths = (unsigned short(*)[2])(logits + choosers * HEAD_ROWS);
    parts = (float*)(lengths + places);
    float* rest = parts + (FEW && 2 * TILE_FLOATS > HEAD_ROWS ? 2 * TILE_FLOATS : HEAD_ROWS) * WARPS;
    hs = rest;
    sums = hs + LAYERS * UNITS * places;
    other.arrivals = (u64*)rest;
    other.received = rest + 2 * WARPS;
  }

  // Where layers' outputs and, of an even and an odd step, states are in `outputs`.
  __device__ __forceinline__ static int stateAt(int k, int l) { return (k & 1) * LAYERS + l; }
  __device__ __forceinline__ static int outputAt(int l) { return 2 * LAYERS + l; }

  // Of few streams: the columns, a stream a column.
  __device__ __forceinline__ u64* words(int at, int column) const {
    return (u64*)launch.outputs + (at * 8 + column) * (HIDDEN / 2);
  }

  // Of many.
  __device__ __forceinline__ half_t* halves(int at, int stream) const {
    return launch.outputs + ((size_t)at * launch.places + stream) * HIDDEN;
  }

  // A unit's state, of a stream.
  template <bool FEW>
  __device__ __forceinline__ float* state(int l, int u, int s) const {
    if (FEW) return hs + (l * UNITS + u) * launch.places + s;
    return launch.states + ((size_t)s * LAYERS + l) * HIDDEN + unit0 + u;
  }

  // Copies this block's weights.
  template <bool FEW>
  __device__ __forceinline__ void hold() {
    const int blocks = FEW ? 1 : CLUSTER, pairs = PAIRS / blocks, rows = ROWS * 32 / 8;
#pragma unroll 8
    for (int i = threadIdx.x; i < MATRICES * MATRIX_HALVES / 8; i += WARPS * 32) {
      int which = i / rows % blocks, pair = i / rows / blocks % pairs, matrix = i / rows / blocks / pairs;
      int rank = FEW ? 0 : Other::rank();
      size_t block = blockIdx.x - rank + (rank + which) % blocks;
      size_t from = (block * MATRICES + matrix) * PAIRS + rank * pairs + pair;
      ((uint4*)held)[i] = __ldg((const uint4*)launch.weights + from * rows + i % rows);
    }
  }

  template <bool FEW>
  __device__ __forceinline__ void begin() {
    int t = threadIdx.x, count = launch.count, places = launch.places;
    if (!FEW) other.begin();                       // the two meet before either writes anything
    hold<FEW>();
    for (int i = t; i < LAYERS * 6 * UNITS; i += WARPS * 32) {
      bias[i] = launch.biases[i / UNITS * HIDDEN + unit0 + i % UNITS];
    }
    for (int s = t; s < places; s += WARPS * 32) {
      lengths[s][0] = s < count ? launch.streams[s].length : 0;
      lengths[s][1] = s < count ? launch.streams[s].given : 0;
    }
    for (int i = t; i < LAYERS * UNITS * places; i += WARPS * 32) {
      int u = i % UNITS, l = i / UNITS % LAYERS, s = i / (UNITS * LAYERS);
      float h = s < count ? *state<false>(l, u, s) : 0;
      if (FEW) *state<true>(l, u, s) = h;
      else halves(stateAt(0, l), s)[unit0 + u] = toHalf(h);
    }
    if (blockIdx.x == 0) for (int s = t; s < count; s += WARPS * 32) launch.current[s] = launch.streams[s].character;
    __syncthreads();
    if (FEW) {
      for (int i = t; i < 3 * LAYERS * 8 * UNITS / 2; i += WARPS * 32) {
        int u = i % (UNITS / 2) * 2, s = i / (UNITS / 2) % 8, at = i / (UNITS / 2) / 8;
        bool is = at < LAYERS;                     // a state of step 0; the rest is of no step yet
        publish(words(at, s) + (unit0 + u) / 2, is ? *state<true>(at, u, s) : 0, is ? *state<true>(at, u + 1, s) : 0, is);
      }
    }
    grid.arrive();
  }

  // The states of a tile that finish goes on from.
  template <bool FEW>
  __device__ __forceinline__ void before(float (&states)[UNITS / 4], int l, int tile) const {
#pragma unroll
    for (int n = 0; n < UNITS / 4; n++) {
      int i = n * 32 + (threadIdx.x & 31), s = tile * 8 + i / UNITS;
      states[n] = s < launch.count ? *state<FEW>(l, i % UNITS, s) : 0;
    }
  }

  // From the sums of a tile's gates to states and outputs, by a warp. Who is over keeps its state.
  template <bool FEW>
  __device__ __forceinline__ void finish(int k, int l, int tile, const float (&states)[UNITS / 4], const float* input,
                                         const float* hidden) {
#pragma unroll
    for (int n = 0; n < UNITS / 4; n++) {
      int i = n * 32 + (threadIdx.x & 31), u = i % UNITS, column = i / UNITS, s = tile * 8 + column;
      bool runs = k < lengths[s][0];
      if (!FEW && !runs) continue;
      const float* bias = this->bias + l * 6 * UNITS + u;
      float gi[3], gh[3];
#pragma unroll
      for (int gate = 0; gate < 3; gate++) {
        int at = (gate * UNITS + u) * 8 + column;
        gi[gate] = input[at] + bias[gate * UNITS];
        gh[gate] = hidden[at] + bias[(3 + gate) * UNITS];
      }
      if (l == 0) {
        int id = runs ? grid.character(launch.current + s, k) : 0;
#pragma unroll
        for (int gate = 0; gate < 3; gate++) gi[gate] = __ldg(launch.table + (id * 3 + gate) * HIDDEN + unit0 + u);
      }
      float* x = xs + u * launch.places + s;
      float y = gru(states[n], gi[0], gi[1], gi[2], gh[0], gh[1], gh[2]);
      float next = RESIDUAL && l > 0 ? *x + y : y;
      *x = next;
      if (RELU && l == LAYERS - 1) next = fmaxf(next, 0.f);
      if (runs) *state<FEW>(l, u, s) = y;
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

  __device__ __forceinline__ static int hiddenMatrix(int l) { return l == 0 ? 0 : 2 * l; }
  __device__ __forceinline__ static int inputMatrix(int l) { return 2 * l - 1; }

  // The layers of a step of few streams: every warp has a slice of all sums. False if time is up.
  __device__ __forceinline__ bool layersOfFew(int k) {
    int t = threadIdx.x, warp = t >> 5, column = (t & 31) >> 2;
    bool wanted = k < lengths[column][0];
    const u64* mine = words(0, column) + sliceBegin(warp) * 16 + (t & 3) * 4;
    const int columns = 8 * HIDDEN / 2;
    for (int l = 0; l < LAYERS; l++) {
      float input[ROW_TILES][4] = {}, hidden[ROW_TILES][4] = {};
      Slice weights;
      weights.load(held + hiddenMatrix(l) * MATRIX_HALVES);
      grid.columns(own, mine + stateAt(k, l) * columns, wanted, k + 1);
      weights.multiply(hidden, own);
      store(parts + (warp * 2 + 1) * TILE_FLOATS, hidden);
      Words below;
      if (l > 0) below.load(mine + outputAt(l - 1) * columns, wanted);
      own.load(mine + (l < LAYERS - 1 ? stateAt(k, l + 1) : stateAt(k + 1, 0)) * columns, wanted);
      if (l > 0) {
        weights.load(held + inputMatrix(l) * MATRIX_HALVES);
        grid.columns(below, mine + outputAt(l - 1) * columns, wanted, k + 1);
        weights.multiply(input, below);
      }
      store(parts + warp * 2 * TILE_FLOATS, input);
      float states[UNITS / 4];
      before<true>(states, l, 0);
      __syncthreads();
      for (int i = t; i < 2 * TILE_FLOATS; i += WARPS * 32) {
        float half[2];
#pragma unroll
        for (int which = 0; which < 2; which++) {
          const float* of = parts + which * WARPS * TILE_FLOATS + i;
          half[which] = of[0];
#pragma unroll
          for (int n = 1; n < WARPS / 2; n++) half[which] += of[n * 2 * TILE_FLOATS];
        }
        sums[i] = half[0] + half[1];
      }
      __syncthreads();
      if (warp == 0) finish<true>(k, l, 0, states, sums, sums + TILE_FLOATS);  // the others go on meanwhile
    }
    return !__syncthreads_or(grid.late);
  }

  // Tiles of many streams: a warp has every eighth.
  __device__ __forceinline__ int tile(int n) const { return n * WARPS + (threadIdx.x >> 5); }
  __device__ __forceinline__ bool has(int n) const { return tile(n) * 8 < launch.count; }

  // Where the sums of a tile's gates are, input and hidden: what has come of them is not needed any more then.
  __device__ __forceinline__ float* gates(int n) const {
    return other.at(CLUSTER > 1 ? n : 0, 0, 0) - (threadIdx.x & 31) * 2;
  }

  // A product of this block's part of k for N of a warp's tiles: what is read of the weights serves all. Their columns' loads
  // are under way together, or it would wait for each.
  template <int N>
  __device__ __forceinline__ void multiply(Sums& sums, int n, int matrix, int at) const {
    int lane = threadIdx.x & 31;
#pragma unroll
    for (int half = 0; half < 2 / CLUSTER; half++) {
      int which = CLUSTER == 1 ? half : Other::rank();
      const half_t* from = halves(at, tile(n) * 8 + (lane >> 2)) + which * HALF * 32 + (lane & 3) * 8;
      const half_t* rows = held + (matrix * 2 / CLUSTER + half) * HALF * CLUSTER * ROWS * 32;
      float total[CLUSTER][N][ROW_TILES][4] = {}, part[CLUSTER][N][ROW_TILES][4] = {};
#pragma unroll
      for (int first = 0; first < HALF; first += BATCH) {
        uint4 columns[BATCH][N];
#pragma unroll
        for (int i = 0; i < BATCH; i++) {
#pragma unroll
          for (int each = 0; each < N; each++) {
            if (first + i < HALF) columns[i][each] = published(from + each * WARPS * 8 * HIDDEN + (first + i) * 32);
          }
        }
#pragma unroll
        for (int i = 0; i < BATCH; i++) {
          if (first + i >= HALF) break;
          add(part, rows + (first + i) * CLUSTER * ROWS * 32, columns[i]);
          if (!endsSlice(first + i)) continue;
#pragma unroll
          for (int of = 0; of < CLUSTER * N; of++) {
            float(&sum)[ROW_TILES][4] = half == 0 ? sums.of[n + of % N][of / N] : total[of / N][of % N];
            addAndClear<ROW_TILES * 4>(&sum[0][0], &part[of / N][of % N][0][0]);
          }
        }
      }
      if (half == 0) continue;
#pragma unroll
      for (int of = 0; of < CLUSTER * N; of++) {
        addAndClear<ROW_TILES * 4>(&sums.of[n + of % N][of / N][0][0], &total[of / N][of % N][0][0]);
      }
    }
  }

  // The same for all tiles of a warp, two at a time.
  __device__ __forceinline__ void multiply(Sums& sums, int matrix, int at) const {
#pragma unroll
    for (int n = 0; n < TILES; n += 2) {
      if (has(n + 1)) multiply<2>(sums, n, matrix, at);
      else if (has(n)) multiply<1>(sums, n, matrix, at);
    }
  }

  // The layers of a step of many. False if time is up.
  __device__ __forceinline__ bool layersOfMany(int k) {
    for (int l = 0; l < LAYERS; l++) {
      Sums inputs = {}, hiddens = {};
      multiply(hiddens, hiddenMatrix(l), stateAt(k, l));  // while others are still at the layer below
      if (!grid.wait()) return false;
      float states[TILES][UNITS / 4];
      int tiles = 0;
#pragma unroll
      for (int n = 0; n < TILES; n++) {
        if (!has(n)) continue;
        if (CLUSTER > 1) other.send(hiddens, n, 1);
        before<false>(states[n], l, tile(n));
        tiles++;
      }
      if (l > 0) multiply(inputs, inputMatrix(l), outputAt(l - 1));
#pragma unroll
      for (int n = 0; n < TILES; n++) if (CLUSTER > 1 && l > 0 && has(n)) other.send(inputs, n, 0);
      if (CLUSTER > 1 && tiles > 0) other.wait(grid, l > 0 ? 2 * tiles : tiles);
#pragma unroll
      for (int n = 0; n < TILES; n++) {
        if (CLUSTER == 1 || !has(n)) continue;
        if (l > 0) other.addTo(inputs, n, 0);
        other.addTo(hiddens, n, 1);
      }
      __syncwarp();
#pragma unroll
      for (int n = 0; n < TILES; n++) {
        if (!has(n)) continue;
        store(gates(n), inputs.of[n][0]);
        store(gates(n) + TILE_FLOATS, hiddens.of[n][0]);
        if (CLUSTER > 1) continue;
        __syncwarp();
        finish<false>(k, l, tile(n), states[n], gates(n), gates(n) + TILE_FLOATS);
        __syncwarp();
      }
      __syncwarp();
#pragma unroll
      for (int n = 0; n < TILES; n++) {
        if (CLUSTER > 1 && has(n)) finish<false>(k, l, tile(n), states[n], gates(n), gates(n) + TILE_FLOATS);
      }
      grid.arrive();
    }
    return true;
  }

  // This warp's slice of what the head reads of a stream, which the first four lanes have.
  template <bool FEW>
  __device__ __forceinline__ void columnOf(uint4 (&column)[SLICE_PAIRS], int k, int s) {
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, first = sliceBegin(warp), pairs = sliceBegin(warp + 1) - first;
    if (FEW) {
      Words output;
      const u64* mine = words(outputAt(LAYERS - 1), s) + first * 16 + (lane & 3) * 4;
      output.load(mine, lane < 4);
      grid.columns(output, mine, lane < 4, k + 1);
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
  }

  // A stream's next character, drawn by a warp.
  __device__ __forceinline__ void draw(int k, int s, int chooser) {
    int at = chooser * HEAD_ROWS;
    const Stream& stream = launch.streams[s];
    int position = stream.position + k - stream.given;
    int id = choose(stream, position, logits + at, chances + at, launch.seen + (size_t)s * WORDS);
    if ((threadIdx.x & 31) == 0) tell(k, s, id);
  }

  __device__ __forceinline__ void tell(int k, int s, int id) {
    launch.seen[(size_t)s * WORDS + (id >> 5)] |= 1u << (id & 31);
    launch.written[(size_t)s * launch.steps + k] = id;
    asm volatile("st.relaxed.gpu.global.s32 [%0], %1;" ::"l"(launch.current + s), "r"((k + 1) * VOCABULARY + id) : "memory");
  }

  // A stream's logits, and its next character, are one block's; a warp chooses while another does so for another stream.
  // A given character is told no sooner than one could be drawn, so that no word is overwritten too early. False if time is
  // up.
  template <bool FEW>
  __device__ __forceinline__ bool characters(int k) {
    int t = threadIdx.x, warp = t >> 5, count = launch.count, all = gridDim.x;
    HeadTile tiles[AHEAD];
    auto load = [&](int from) {
#pragma unroll
      for (int i = 0; i < AHEAD; i++) if (from + i < HEAD_TILES) tiles[i].load(launch.head, from + i);
    };
    if ((int)blockIdx.x < count) load(0);          // while others are still at the last layer
    if (!FEW && !grid.wait()) return false;
    for (int begin = blockIdx.x; begin < count; begin += choosers * all) {
      for (int chooser = 0; chooser < choosers; chooser++) {
        int s = begin + chooser * all;
        if (s >= count || k >= lengths[s][0]) continue;
        uint4 column[SLICE_PAIRS];
        columnOf<FEW>(column, k, s);
        if (k < lengths[s][1]) {
          if (__syncthreads_or(grid.late)) return false;
          if (t == 0) tell(k, s, launch.given[launch.streams[s].givenFrom + k]);
          continue;
        }
        for (int from = 0; from < HEAD_TILES; from += AHEAD) {
          if (HEAD_TILES > AHEAD && (from > 0 || s != (int)blockIdx.x)) load(from);
#pragma unroll
          for (int i = 0; i < AHEAD; i++) {
            if (from + i < HEAD_TILES) tiles[i].multiply(parts + warp * HEAD_ROWS, from + i, column);
          }
        }
        if (__syncthreads_or(grid.late)) return false;
        for (int id = t; id < VOCABULARY; id += WARPS * 32) {
          float total = parts[id];
#pragma unroll
          for (int slice = 1; slice < WARPS; slice++) total += parts[slice * HEAD_ROWS + id];
          total += __ldg(launch.headBias + id);
          logits[chooser * HEAD_ROWS + id] = total;
          if (launch.told) launch.told[((size_t)k * count + s) * VOCABULARY + id] = total;
        }
        __syncthreads();
      }
      int s = begin + warp * all;
      if (warp < choosers && s < count && k < lengths[s][0] && k >= lengths[s][1]) draw(k, s, warp);
      if (begin + choosers * all < count) __syncthreads();  // what is chosen from is written again
    }
    if (!FEW) grid.arrive();
    return true;
  }

  template <bool FEW>
  __device__ __forceinline__ void write() {
    begin<FEW>();
    if (!grid.wait()) return;
    if (FEW) {
      int column = (threadIdx.x & 31) >> 2;
      own.load(words(stateAt(0, 0), column) + sliceBegin(threadIdx.x >> 5) * 16 + (threadIdx.x & 3) * 4, lengths[column][0] > 0);
    }
    for (int k = 0; k < launch.steps; k++) {
      if (!(FEW ? layersOfFew(k) : layersOfMany(k)) || !characters<FEW>(k)) return;
    }
    if (!FEW) return;
    __syncthreads();
    for (int i = threadIdx.x; i < LAYERS * UNITS * launch.count; i += WARPS * 32) {
      int u = i % UNITS, l = i / UNITS % LAYERS, s = i / (UNITS * LAYERS);
      *state<false>(l, u, s) = *state<true>(l, u, s);
    }
  }

  template <bool FEW>
  __device__ __forceinline__ static void run(const Launch& launch) {
    extern __shared__ __align__(16) unsigned char memory[];
    u64 began = nanoseconds();
    int choosers = min(WARPS, (launch.places + gridDim.x - 1) / gridDim.x);
    Block block = {launch, (int)blockIdx.x * UNITS, choosers, {launch.control, launch.control + 1, began + launch.nanos, 0, 0}};
    block.layOut<FEW>(memory);
    block.write<FEW>();
    if (!FEW) Other::meet();
    if (blockIdx.x == 0 && threadIdx.x == 0) launch.control[2] = (unsigned)(nanoseconds() - began);
  }
};

extern "C" __global__ void __launch_bounds__(WARPS * 32, 1) decodeFew(const __grid_constant__ Launch launch) {
  Block::run<true>(launch);
}

#if CLUSTER > 1
#define CLUSTERED __cluster_dims__(CLUSTER, 1, 1)
#else
#define CLUSTERED
#endif
extern "C" __global__ void __launch_bounds__(WARPS * 32, 1) CLUSTERED decodeMany(const __grid_constant__ Launch launch) {
  Block::run<false>(launch);
}
