// Decodes a chunk of characters for many streams in one launch, with the network's weights in shared memory.
//
// A GRU that generates one character at a time spends its time on kernel launches and on reading weights. This persistent
// kernel avoids both: all blocks of the grid are resident at once and hold the weights, as float16, in shared memory for
// the whole launch. Block b computes the units b * UNITS to b * UNITS + UNITS - 1 of every layer for every stream. Blocks
// exchange layer outputs and sampled ids through global memory, which in practice is the L2 cache.
//
// Small batch (up to eight streams): the latency of that exchange dominates, so there is no barrier. Words carry data and
// step, as in NCCL's LL protocol: an 8-byte word holds two halves and the step that they belong to, and a reader polls
// until all its words are of the step that it needs. No word is overwritten too early: to publish its output of the next
// step, a block needs an id that was sampled from what all blocks published in this step.
//
// Large batch: the volume that is read dominates, and LL words would double it. Outputs are plain halves, with a grid
// barrier after every layer and after the ids. On a GPU with thread-block clusters two blocks share their reads: each
// multiplies one half of k for the rows of both, and sends the sums of the other's rows to its cluster peer through
// distributed shared memory.
//
// Products run on tensor cores (mma.m16n8k16): 16 rows of weights times 8 streams, float16 in, float32 out. A stream is a
// column of the product. Its result does not depend on the other columns, and the order of additions is the same for one
// warp or eight and for one block or two. So a stream's text is the same to the last bit alone, among 255 others, in any
// slot and in chunks of any length. States and the residual sum are float32 and stay with the block that owns the unit.
//
// Compile-time definitions: LAYERS, HIDDEN, UNITS (a multiple of 4 that divides HIDDEN), VOCABULARY, RESIDUAL, RELU
// (before the head), CLUSTER (1 or 2 blocks that share their reads). The grid has HIDDEN / UNITS blocks of 256 threads
// and must be launched cooperatively. folio.inference.fused.KernelLayout is the counterpart on the host.

typedef unsigned short half_t;
typedef unsigned long long u64;

#define WARPS 8
#define ROWS (3 * UNITS)
#define ROW_TILES ((ROWS + 15) / 16)
#define PAIRS (HIDDEN / 32)                        // Pairs of k16 steps in HIDDEN. A lane loads its eight halves at once.
#define MATRICES (2 * LAYERS - 1)                  // Two a layer, except the first, whose input product is a table.
#define MATRIX_HALVES (PAIRS * ROWS * 32)
#define HEAD_ROWS ((VOCABULARY + 15) / 16 * 16)
#define SEEN_WORDS ((VOCABULARY + 31) / 32)
#define SLICE_PAIRS ((PAIRS + WARPS - 1) / WARPS)  // The largest number of pairs in a warp's slice of k.
#define HEAD_TILES (HEAD_ROWS / 16)
#define TILE_FLOATS (ROWS * 8)
#define HEAD_PREFETCH (10 / SLICE_PAIRS)           // The number of head tiles whose loads a lane has in flight.
#define HALF_PAIRS (PAIRS / 2)                     // The number of pairs in one half of k.
#define LOAD_BATCH (HALF_PAIRS < 8 ? HALF_PAIRS : 8)  // Pairs whose columns a lane loads before it uses them.
#define WARP_TILES 4                               // The largest number of tiles of a warp in a large batch.
#define PARTIAL_FLOATS ((ROWS + 7) / 8 * 64)       // The size of a tile's sums for the peer; rows round up to eights.

// One stream, 64 bytes. The host writes it before a launch. A step leads from one id to the next. That id is forced, for
// instance one of a prompt, or sampled.
struct Stream {
  long long seed;
  double temperature;                              // 0: greedy
  double topP, minP, repetitionPenalty;
  int topK;
  int lastId;                                      // the id before the first step
  int position;                                    // the number of ids sampled with this seed before
  int length;                                      // the number of steps, at most the launch's
  int forcedFrom, forced;                          // index of the first forced id in the launch's, and their number
};

// The kernel's parameter. Every pointer is to device memory.
struct Launch {
  const half_t* weights;                           // [block][matrix][pair][row][32]; hidden 0, input 1, hidden 1, ...
  const float* table;                              // [VOCABULARY][3][HIDDEN], input product and bias of the first layer
  const float* biases;                             // [LAYERS][2][3][HIDDEN], input (unused for the first layer) and hidden
  const half_t* head;                              // [pair][HEAD_ROWS][32]
  const float* headBias;                           // [VOCABULARY]
  float* states;                                   // [slot][LAYERS][HIDDEN], read and written
  half_t* outputs;                                 // [3 * LAYERS][slots][HIDDEN]: states of even and of odd steps, layer
                                                   // outputs; small batch: LL words, [3 * LAYERS][8][HIDDEN / 2]
  const Stream* streams;                           // [count]
  const int* forced;                               // forced ids of all streams, see Stream
  unsigned* seen;                                  // [count][SEEN_WORDS], a bit for each id that occurred; read, written
  int* current;                                    // [count], scratch: see GridSync::awaitId
  int* idsOut;                                     // [count][steps], forced ids included
  float* logitsOut;                                // [steps][count][VOCABULARY], or null
  unsigned* control;                               // two zeros from the host; [0] counts arrivals at the barrier, [1]
                                                   // becomes 1 on a timeout, [2] receives the duration in ns
  u64 timeoutNanos;                                // the longest time that the launch may take
  int count, slots, steps;                         // streams; streams rounded up to whole tiles; steps
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

// Reads what other blocks have written. The load bypasses the L1 cache, which is not coherent.
__device__ __forceinline__ uint4 loadPublished(const half_t* from) {
  uint4 v;
  asm volatile("ld.global.cg.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(from));
  return v;
}

__device__ __forceinline__ void mma(float (&sum)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0,
                                    unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
               : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

// A pair is two k16 steps. The order of k within a pair is free as long as rows and columns use the same one. So lane
// 4 * g + q loads eight neighbouring halves, k = 8 * q to 8 * q + 7, of a row or column. They are its fragments of
// mma.m16n8k16:
//
//                       first step            second step
//     k - 8 * q         0, 1      2, 3        4, 5      6, 7
//     A, row g          low.x     low.y       low.z     low.w
//     A, row g + 8      high.x    high.y      high.z    high.w
//     B, column g       b.x       b.y         b.z       b.w
//
//     C, row g          sum[0], sum[1] in the columns 2 * q, 2 * q + 1
//     C, row g + 8      sum[2], sum[3] in the same columns
__device__ __forceinline__ void mmaFirst(float (&sum)[4], uint4 low, uint4 high, uint4 b) {
  mma(sum, low.x, high.x, low.y, high.y, b.x, b.y);
}

__device__ __forceinline__ void mmaSecond(float (&sum)[4], uint4 low, uint4 high, uint4 b) {
  mma(sum, low.z, high.z, low.w, high.w, b.z, b.w);
}

// A lane's part of a slice of one column, as LL words of two halves and their step.
struct Words {
  u64 values[SLICE_PAIRS][4];

  // Issues the loads of this lane's part of a column.
  __device__ __forceinline__ void load(const u64* from, bool wanted);

  __device__ __forceinline__ uint4 halves(int pair) const {
    return make_uint4((unsigned)values[pair][0], (unsigned)values[pair][1], (unsigned)values[pair][2],
                      (unsigned)values[pair][3]);
  }
};

// A block waits for other blocks at the grid barrier or by polling LL words. If a block does not arrive before the
// deadline, the launch ends.
struct GridSync {
  unsigned* arrivals;                              // arrivals at the grid barrier; only grows
  unsigned* timedOut;
  u64 deadline;
  unsigned target;
  int late;                                        // whether this thread has seen the deadline pass

  // Returns whether the deadline has passed. A waiting loop calls it once a spin; every 1024th call reads the clock.
  __device__ __forceinline__ bool expired(unsigned& spins) {
    if ((++spins & 1023) != 0 || nanoseconds() <= deadline) return false;
    atomicExch(timedOut, 1u);
    late = 1;
    return true;
  }

  // Arrives at the grid barrier. Between arrive and wait, a block does work that depends on no other block.
  __device__ __forceinline__ void arrive() {
    __syncthreads();
    target += gridDim.x;
    if (threadIdx.x == 0) asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(arrivals) : "memory");
  }

  // Waits until all blocks have arrived. Returns false on a timeout.
  __device__ __forceinline__ bool wait() {
    if (threadIdx.x == 0) {
      unsigned seen, spins = 0;
      do {
        asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(seen) : "l"(arrivals) : "memory");
      } while ((int)(seen - target) < 0 && !expired(spins));
    }
    return !__syncthreads_or(late);
  }

  // Waits for the id that a stream has before a step. The word, step * VOCABULARY + id, carries data and step; it only
  // grows.
  __device__ __forceinline__ int awaitId(const int* word, int step) {
    int seen;
    unsigned spins = 0;
    do {
      asm volatile("ld.relaxed.gpu.global.s32 %0, [%1];" : "=r"(seen) : "l"(word) : "memory");
    } while (seen < step * VOCABULARY && !expired(spins));
    return max(seen - step * VOCABULARY, 0);
  }

  // Reads a slice again until all its words carry the step that is needed.
  __device__ __forceinline__ void awaitWords(Words& words, const u64* from, bool wanted, unsigned step);
};

__device__ __forceinline__ u64 mix(u64 z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

// Mirrors folio.model.sampling.SeededRandom.
__device__ __forceinline__ double uniform(long long seed, int position) {
  const u64 gamma = 0x9E3779B97F4A7C15ULL;
  return (double)(mix(mix((u64)seed + gamma) + (u64)position * gamma) >> 11) * 0x1.0p-53;
}

// Returns the same sum in every lane, to the last bit.
template <typename T>
__device__ __forceinline__ T warpSum(T value) {
  for (int step = 16; step > 0; step >>= 1) value += __shfl_xor_sync(~0u, value, step);
  return value;
}

// Returns the sum over the lanes up to and including this one.
template <typename T>
__device__ __forceinline__ T warpPrefixSum(T value) {
  for (int step = 1; step < 32; step <<= 1) {
    T other = __shfl_up_sync(~0u, value, step);
    if ((threadIdx.x & 31) >= step) value += other;
  }
  return value;
}

// Weights lie between 0 and 1, so their bit patterns sort as they do. The precision of a float suffices to rank them.
__device__ __forceinline__ unsigned rankOf(double weight) { return __float_as_uint((float)weight); }

// Applies top-k and top-p: keeps the largest weights and sets the others to 0. It keeps at most maxCount of them, and no
// more than needed for their sum to reach targetSum; of equal weights, it keeps those of lower ids. One warp runs it; a
// lane owns the ids from "from" to "to" - 1. It does not sort: it finds the rank of the smallest weight that is kept bit
// by bit, and stops when a single weight lies between the bounds. It is not inlined, because its caller needs all
// registers where nothing is ranked.
__device__ __noinline__ void keepLargest(double* weights, int from, int to, int maxCount, double targetSum) {
  unsigned low = 0, high = 1u << 30;               // weights of rank low and above suffice, of rank high and above do
                                                   // not; 1 is below high
  int countAtLow = VOCABULARY, countAtHigh = 0;    // the numbers of weights that reach each bound
  double sumAtHigh = 0;                            // the sum of the weights of rank high and above
  for (unsigned bit = high >> 1; bit > 0 && countAtLow - countAtHigh > 1; bit >>= 1) {
    int number = 0;
    double reached = 0;
    for (int id = from; id < to; id++) {
      if (rankOf(weights[id]) < (low | bit)) continue;
      number++;
      reached += weights[id];
    }
    number = warpSum(number);
    reached = warpSum(reached);
    if (number >= maxCount || reached >= targetSum) low |= bit, countAtLow = number;
    else high = low | bit, countAtHigh = number, sumAtHigh = reached;
  }
  int before = countAtHigh;
  double reached = sumAtHigh;
  if (countAtLow - countAtHigh > 1) {              // Several weights are equal: add up those of lower ids, which other
                                                   // lanes own.
    int number = 0;
    double own = 0;
    for (int id = from; id < to; id++) if (rankOf(weights[id]) == low) number++, own += weights[id];
    before += warpPrefixSum(number) - number;
    reached += warpPrefixSum(own) - own;
  }
  for (int id = from; id < to; id++) {
    unsigned rank = rankOf(weights[id]);
    if (rank >= high) continue;
    if (rank < low || before >= maxCount || (before > 0 && reached >= targetSum)) weights[id] = 0;
    else before++, reached += weights[id];
  }
}

// Mirrors folio.model.sampling.Sampler, in one warp. Lane i owns the ids from i * IDS_PER_LANE on. The number is odd, so
// that lanes read different banks of shared memory.
#define IDS_PER_LANE ((VOCABULARY + 31) / 32 | 1)
__device__ int sample(const Stream& stream, int position, const float* logits, double* weights, const unsigned* seen) {
  int from = (threadIdx.x & 31) * IDS_PER_LANE, to = min(from + IDS_PER_LANE, VOCABULARY);
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
  if (bestId >= VOCABULARY) bestId = 0;            // No logit is a number.
  if (stream.temperature == 0) return bestId;
  double own = 0, inverse = 1 / stream.temperature;
  for (int id = from; id < to; id++) {
    // A penalty may make logits infinite, and a NaN must not be ranked.
    double weight = exp((weights[id] - best) * inverse);
    if (weights[id] == best) weight = 1;
    if (!(weight >= stream.minP)) weight = 0;
    weights[id] = weight;
    own += weight;
  }
  if ((stream.topK > 0 && stream.topK < VOCABULARY) || stream.topP < 1) {
    keepLargest(weights, from, to, stream.topK == 0 ? VOCABULARY : stream.topK, stream.topP * warpSum(own));
    own = 0;
    for (int id = from; id < to; id++) own += weights[id];
  }
  double before = warpPrefixSum(own);
  double total = __shfl_sync(~0u, before, 31);
  before -= own;
  double drawn = uniform(stream.seed, position) * total;
  int found = VOCABULARY;
  for (int id = from; id < to && found == VOCABULARY; id++) {
    before += weights[id];
    if (drawn < before) found = id;
  }
  unsigned foundBy = __ballot_sync(~0u, found < VOCABULARY);
  return foundBy == 0 ? bestId : __shfl_sync(~0u, found, __ffs(foundBy) - 1);
}

// Returns a unit's next state from the sums of its gates.
__device__ __forceinline__ float gru(float h, float ir, float iz, float in, float hr, float hz, float hn) {
  float r = __fdividef(1, 1 + __expf(-(ir + hr)));
  float z = __fdividef(1, 1 + __expf(-(iz + hz)));
  float n = __fdividef(2, 1 + __expf(-2 * (in + r * hn))) - 1;
  return n + z * (h - n);
}

// A lane's A fragments of a block's rows, [ROWS][32], for one pair; zeros past the last row.
struct RowFragments {
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

// Adds the products of a cluster's rows, [CLUSTER][ROWS][32], with one pair of N tiles of eight streams. The products of
// the first k16 step are independent of each other, and so are those of the second.
template <int N>
__device__ __forceinline__ void multiplyAdd(float (&sums)[CLUSTER][N][ROW_TILES][4], const half_t* rows,
                                            const uint4 (&columns)[N]) {
  RowFragments blocks[CLUSTER];
#pragma unroll
  for (int member = 0; member < CLUSTER; member++) blocks[member].load(rows + member * ROWS * 32, true);
#pragma unroll
  for (int step = 0; step < 2; step++) {
#pragma unroll
    for (int tile = 0; tile < N; tile++) {
#pragma unroll
      for (int i = 0; i < CLUSTER * ROW_TILES; i++) {
        int member = i / ROW_TILES, rowTile = i % ROW_TILES;
        const RowFragments& block = blocks[member];
        float(&sum)[4] = sums[member][tile][rowTile];
        if (step == 0) mmaFirst(sum, block.low[rowTile], block.high[rowTile], columns[tile]);
        else mmaSecond(sum, block.low[rowTile], block.high[rowTile], columns[tile]);
      }
    }
  }
}

// A sum over k is the sum of its two halves. A half is the sum of four slices, in their order. All paths below keep this
// order.
__device__ __forceinline__ constexpr int sliceBegin(int which) { return which * PAIRS / WARPS; }

// Returns whether a pair, counted within its half, is the last of a slice.
__device__ __forceinline__ constexpr bool endsSlice(int pair) {
  for (int which = 1; which <= WARPS / 2; which++) {
    if (sliceBegin(which) == pair + 1) return true;
  }
  return false;
}

// Adds N numbers to others and sets them to zero.
template <int N>
__device__ __forceinline__ void addAndClear(float* to, float* from) {
#pragma unroll
  for (int i = 0; i < N; i++) to[i] += from[i], from[i] = 0;
}

__device__ __forceinline__ void Words::load(const u64* from, bool wanted) {
  int warp = threadIdx.x >> 5, count = sliceBegin(warp + 1) - sliceBegin(warp);
#pragma unroll
  for (int i = 0; i < SLICE_PAIRS; i++) {
    u64* w = values[i];
    w[0] = w[1] = w[2] = w[3] = 0;
    if (!wanted || i >= count) continue;
    asm volatile("ld.relaxed.gpu.global.v2.u64 {%0,%1}, [%2];" : "=l"(w[0]), "=l"(w[1]) : "l"(from + i * 16) : "memory");
    asm volatile("ld.relaxed.gpu.global.v2.u64 {%0,%1}, [%2];" : "=l"(w[2]), "=l"(w[3]) : "l"(from + i * 16 + 2) : "memory");
  }
}

__device__ __forceinline__ void GridSync::awaitWords(Words& words, const u64* from, bool wanted, unsigned step) {
  int warp = threadIdx.x >> 5, count = sliceBegin(warp + 1) - sliceBegin(warp);
  unsigned spins = 0;
  while (true) {
    bool missing = false;
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
#pragma unroll
      for (int n = 0; n < 4; n++) missing |= wanted && i < count && (unsigned)(words.values[i][n] >> 32) != step;
    }
    if (!__any_sync(~0u, missing)) return;
    if (__any_sync(~0u, expired(spins))) return;
    words.load(from, wanted);
  }
}

// This warp's slice of a matrix in k, and its product.
struct MatrixSlice {
  RowFragments rows[SLICE_PAIRS];

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
        mmaFirst(sums[tile], rows[i].low[tile], rows[i].high[tile], words.halves(i));
        mmaSecond(sums[tile], rows[i].low[tile], rows[i].high[tile], words.halves(i));
      }
    }
  }
};

// Publishes the outputs of two units and their step as one LL word, in one store.
__device__ __forceinline__ void publish(u64* to, float low, float high, unsigned step) {
  u64 word = toHalf(low) | (unsigned)toHalf(high) << 16 | (u64)step << 32;
  asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(to), "l"(word) : "memory");
}

__device__ __forceinline__ void storeSums(float* to, const float (&sums)[ROW_TILES][4]) {
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

// A warp's sums for its tiles of a large batch, over a part of k, for the rows of this block and of its cluster peer.
struct Sums {
  float values[WARP_TILES][CLUSTER][ROW_TILES][4];
};

// The cluster peer: the other block of a cluster, which has the other half of k and sends its sums for the rows of this
// block. It writes to distributed shared memory and counts the bytes as transactions of an mbarrier. A block without a
// cluster has all of k and no peer.
struct ClusterPeer {
  float* received;                                 // [WARP_TILES][WARPS][2][PARTIAL_FLOATS], input and hidden; without a
                                                   // peer, one tile a warp, scratch
  u64* mbarriers;                                  // [WARPS]
  unsigned peerOffset;                             // from an address in this block's shared memory to the same one in the
                                                   // peer's
  unsigned phase;                                  // the parity of the mbarriers

  __device__ __forceinline__ static unsigned rank() { return blockIdx.x % CLUSTER; }

  __device__ __forceinline__ static unsigned shared(const void* here) { return (unsigned)__cvta_generic_to_shared(here); }

  // Returns the same address in the peer's shared memory.
  __device__ __forceinline__ unsigned inPeer(const void* here) const { return shared(here) + peerOffset; }

  // Returns the address of this lane's two numbers in a group of eight rows.
  __device__ __forceinline__ float* cell(int n, int which, int eight) const {
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    return received + ((n * WARPS + warp) * 2 + which) * PARTIAL_FLOATS + eight * 64 + lane * 2;
  }

  // Waits until both blocks are here. They must be while one writes to the other's memory.
  __device__ __forceinline__ static void clusterBarrier() {
    if (CLUSTER > 1) {
      asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
      asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
    }
  }

  __device__ __forceinline__ void init() {
    if (CLUSTER == 1) return;
    asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(peerOffset) : "r"(shared(received)), "r"(rank() ^ 1));
    peerOffset -= shared(received);
    if (threadIdx.x < WARPS) {
      asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(shared(mbarriers + threadIdx.x)) : "memory");
      asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }
    clusterBarrier();
  }

  // Sends the sums of the peer's rows of a tile. The peer's mbarrier counts the bytes.
  __device__ __forceinline__ void send(const Sums& sums, int n, int which) const {
    unsigned arrival = inPeer(mbarriers + (threadIdx.x >> 5));
#pragma unroll
    for (int i = 0; i < PARTIAL_FLOATS / 64; i++) {
      const float* sent = &sums.values[n][CLUSTER - 1][i / 2][i % 2 * 2];
      asm volatile("st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v2.f32 [%0], {%1,%2}, [%3];" ::"r"(
                       inPeer(cell(n, which, i))),
                   "f"(sent[0]), "f"(sent[1]), "r"(arrival)
                   : "memory");
    }
  }

  // Adds the sums of a tile that the peer has sent.
  __device__ __forceinline__ void addReceived(Sums& sums, int n, int which) const {
#pragma unroll
    for (int i = 0; i < PARTIAL_FLOATS / 64; i++) {
      float2 more = *(const float2*)cell(n, which, i);
      float* sum = &sums.values[n][0][i / 2][i % 2 * 2];
      sum[0] += more.x, sum[1] += more.y;
    }
  }

  // Waits until the peer has sent a number of tile products to this warp.
  __device__ __forceinline__ void wait(GridSync& grid, int products) {
    unsigned own = shared(mbarriers + (threadIdx.x >> 5));
    if ((threadIdx.x & 31) == 0) {
      asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(own), "r"(products * PARTIAL_FLOATS * 4)
                   : "memory");
    }
    unsigned done, spins = 0;
    do {
      asm volatile(
          "{.reg .pred p; mbarrier.test_wait.parity.acquire.cluster.shared::cta.b64 p, [%1], %2; selp.u32 %0, 1, 0, p;}"
          : "=r"(done)
          : "r"(own), "r"(phase)
          : "memory");
    } while (!done && !grid.expired(spins));
    phase ^= 1;
  }
};

// A lane's A fragments of 16 rows of the head, for this warp's slice of k.
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

  // Multiplies with a single column, which the first four lanes hold.
  __device__ __forceinline__ void multiply(float* to, int tile, const uint4 (&column)[SLICE_PAIRS]) const {
    int lane = threadIdx.x & 31, count = sliceBegin((threadIdx.x >> 5) + 1) - sliceBegin(threadIdx.x >> 5);
    float part[4] = {};
#pragma unroll
    for (int i = 0; i < SLICE_PAIRS; i++) {
      if (i >= count) continue;
      mmaFirst(part, rows[i][0], rows[i][1], column[i]);
      mmaSecond(part, rows[i][0], rows[i][1], column[i]);
    }
    if ((lane & 3) == 0) {
      to[tile * 16 + (lane >> 2)] = part[0];
      to[tile * 16 + 8 + (lane >> 2)] = part[2];
    }
  }
};

// A block: its units of every layer for every stream, and the ids of some streams.
struct Block {
  const Launch& launch;
  int firstUnit;
  int samplers;                                    // the number of warps that sample at the same time, each for one stream
  GridSync grid;
  Words stateWords;                                // small batch: states of the next layer
  ClusterPeer peer;                                // large batch

  // Shared memory. layOut assigns it; KernelLayout.sharedBytes returns its size.
  half_t* weights;                                 // [matrix][pair][row][32]; in a cluster, half of the pairs, and each
                                                   // pair's rows are followed by the peer's rows of it
  float* hs;                                       // small batch: [LAYERS][UNITS][slots], states
  float* xs;                                       // [UNITS][slots], outputs of the layer before
  float* bias;                                     // [LAYERS][2][3][UNITS]
  double* sampleWeights;                           // [samplers][HEAD_ROWS]
  float* logits;                                   // [samplers][HEAD_ROWS]
  unsigned short (*lengths)[2];                    // [slots]: number of steps and of forced steps; 0 in an empty slot
  float* sums;                                     // small batch: [2][TILE_FLOATS], input and hidden sums of the tile
  float* partials;                                 // [WARPS][HEAD_ROWS]; small batch: or [WARPS][2][TILE_FLOATS]

  template <bool SMALL>
  __device__ __forceinline__ void layOut(unsigned char* memory) {
    int slots = launch.slots;
    weights = (half_t*)memory;
    sampleWeights = (double*)(weights + MATRICES * MATRIX_HALVES);
    xs = (float*)(sampleWeights + samplers * HEAD_ROWS);
    bias = xs + UNITS * slots;
    logits = bias + LAYERS * 6 * UNITS;
    lengths = (unsigned short(*)[2])(logits + samplers * HEAD_ROWS);
    partials = (float*)(lengths + slots);
    float* rest = partials + (SMALL && 2 * TILE_FLOATS > HEAD_ROWS ? 2 * TILE_FLOATS : HEAD_ROWS) * WARPS;
    hs = rest;
    sums = hs + LAYERS * UNITS * slots;
    peer.mbarriers = (u64*)rest;
    peer.received = rest + 2 * WARPS;
  }

  // Indices into launch.outputs: a layer's states of an even or odd step, and its outputs.
  __device__ __forceinline__ static int stateIndex(int k, int l) { return (k & 1) * LAYERS + l; }
  __device__ __forceinline__ static int outputIndex(int l) { return 2 * LAYERS + l; }

  // Returns a column of LL words of a small batch. A stream is a column.
  __device__ __forceinline__ u64* words(int at, int column) const {
    return (u64*)launch.outputs + (at * 8 + column) * (HIDDEN / 2);
  }

  // Returns a stream's halves of a large batch.
  __device__ __forceinline__ half_t* halves(int at, int stream) const {
    return launch.outputs + ((size_t)at * launch.slots + stream) * HIDDEN;
  }

  // Returns the address of a unit's state of a stream.
  template <bool SMALL>
  __device__ __forceinline__ float* state(int l, int u, int s) const {
    if (SMALL) return hs + (l * UNITS + u) * launch.slots + s;
    return launch.states + ((size_t)s * LAYERS + l) * HIDDEN + firstUnit + u;
  }

  // Copies this block's share of the weights to shared memory.
  template <bool SMALL>
  __device__ __forceinline__ void loadWeights() {
    const int blocks = SMALL ? 1 : CLUSTER, pairs = PAIRS / blocks, rows = ROWS * 32 / 8;
#pragma unroll 8
    for (int i = threadIdx.x; i < MATRICES * MATRIX_HALVES / 8; i += WARPS * 32) {
      int which = i / rows % blocks, pair = i / rows / blocks % pairs, matrix = i / rows / blocks / pairs;
      int rank = SMALL ? 0 : ClusterPeer::rank();
      size_t block = blockIdx.x - rank + (rank + which) % blocks;
      size_t from = (block * MATRICES + matrix) * PAIRS + rank * pairs + pair;
      ((uint4*)weights)[i] = __ldg((const uint4*)launch.weights + from * rows + i % rows);
    }
  }

  template <bool SMALL>
  __device__ __forceinline__ void begin() {
    int t = threadIdx.x, count = launch.count, slots = launch.slots;
    if (!SMALL) peer.init();                       // The blocks of a cluster meet before either writes anything.
    loadWeights<SMALL>();
    for (int i = t; i < LAYERS * 6 * UNITS; i += WARPS * 32) {
      bias[i] = launch.biases[i / UNITS * HIDDEN + firstUnit + i % UNITS];
    }
    for (int s = t; s < slots; s += WARPS * 32) {
      lengths[s][0] = s < count ? launch.streams[s].length : 0;
      lengths[s][1] = s < count ? launch.streams[s].forced : 0;
    }
    for (int i = t; i < LAYERS * UNITS * slots; i += WARPS * 32) {
      int u = i % UNITS, l = i / UNITS % LAYERS, s = i / (UNITS * LAYERS);
      float h = s < count ? *state<false>(l, u, s) : 0;
      if (SMALL) *state<true>(l, u, s) = h;
      else halves(stateIndex(0, l), s)[firstUnit + u] = toHalf(h);
    }
    if (blockIdx.x == 0) for (int s = t; s < count; s += WARPS * 32) launch.current[s] = launch.streams[s].lastId;
    __syncthreads();
    if (SMALL) {
      for (int i = t; i < 3 * LAYERS * 8 * UNITS / 2; i += WARPS * 32) {
        int u = i % (UNITS / 2) * 2, s = i / (UNITS / 2) % 8, at = i / (UNITS / 2) / 8;
        bool isState = at < LAYERS;                // A state is of step 0. The rest is of no step yet.
        publish(words(at, s) + (firstUnit + u) / 2, isState ? *state<true>(at, u, s) : 0,
                isState ? *state<true>(at, u + 1, s) : 0, isState);
      }
    }
    grid.arrive();
  }

  // Loads the states that gruEpilogue needs of a tile.
  template <bool SMALL>
  __device__ __forceinline__ void loadStates(float (&states)[UNITS / 4], int l, int tile) const {
#pragma unroll
    for (int n = 0; n < UNITS / 4; n++) {
      int i = n * 32 + (threadIdx.x & 31), s = tile * 8 + i / UNITS;
      states[n] = s < launch.count ? *state<SMALL>(l, i % UNITS, s) : 0;
    }
  }

  // The GRU epilogue of a tile, by one warp: from the sums of the gates to states and outputs. A finished stream keeps
  // its state.
  template <bool SMALL>
  __device__ __forceinline__ void gruEpilogue(int k, int l, int tile, const float (&states)[UNITS / 4], const float* input,
                                              const float* hidden) {
#pragma unroll
    for (int n = 0; n < UNITS / 4; n++) {
      int i = n * 32 + (threadIdx.x & 31), u = i % UNITS, column = i / UNITS, s = tile * 8 + column;
      bool runs = k < lengths[s][0];
      if (!SMALL && !runs) continue;
      const float* bias = this->bias + l * 6 * UNITS + u;
      float gi[3], gh[3];
#pragma unroll
      for (int gate = 0; gate < 3; gate++) {
        int at = (gate * UNITS + u) * 8 + column;
        gi[gate] = input[at] + bias[gate * UNITS];
        gh[gate] = hidden[at] + bias[(3 + gate) * UNITS];
      }
      if (l == 0) {
        int id = runs ? grid.awaitId(launch.current + s, k) : 0;
#pragma unroll
        for (int gate = 0; gate < 3; gate++) gi[gate] = __ldg(launch.table + (id * 3 + gate) * HIDDEN + firstUnit + u);
      }
      float* x = xs + u * launch.slots + s;
      float y = gru(states[n], gi[0], gi[1], gi[2], gh[0], gh[1], gh[2]);
      float next = RESIDUAL && l > 0 ? *x + y : y;
      *x = next;
      if (RELU && l == LAYERS - 1) next = fmaxf(next, 0.f);
      if (runs) *state<SMALL>(l, u, s) = y;
      if (SMALL) {
        float yAbove = __shfl_down_sync(~0u, y, 1), nextAbove = __shfl_down_sync(~0u, next, 1);
        if (runs && u % 2 == 0) {
          publish(words(outputIndex(l), column) + (firstUnit + u) / 2, next, nextAbove, k + 1);
          publish(words(stateIndex(k + 1, l), column) + (firstUnit + u) / 2, y, yAbove, k + 2);
        }
      } else if (runs) {
        halves(outputIndex(l), s)[firstUnit + u] = toHalf(next);
        halves(stateIndex(k + 1, l), s)[firstUnit + u] = toHalf(y);
      }
    }
  }

  __device__ __forceinline__ static int hiddenMatrix(int l) { return l == 0 ? 0 : 2 * l; }
  __device__ __forceinline__ static int inputMatrix(int l) { return 2 * l - 1; }

  // Runs the layers of a step of a small batch. Every warp has one slice of all sums. Returns false on a timeout.
  __device__ __forceinline__ bool layersSmallBatch(int k) {
    int t = threadIdx.x, warp = t >> 5, column = (t & 31) >> 2;
    bool wanted = k < lengths[column][0];
    const u64* laneWords = words(0, column) + sliceBegin(warp) * 16 + (t & 3) * 4;
    const int columns = 8 * HIDDEN / 2;
    for (int l = 0; l < LAYERS; l++) {
      float input[ROW_TILES][4] = {}, hidden[ROW_TILES][4] = {};
      MatrixSlice slice;
      slice.load(weights + hiddenMatrix(l) * MATRIX_HALVES);
      grid.awaitWords(stateWords, laneWords + stateIndex(k, l) * columns, wanted, k + 1);
      slice.multiply(hidden, stateWords);
      storeSums(partials + (warp * 2 + 1) * TILE_FLOATS, hidden);
      Words below;
      if (l > 0) below.load(laneWords + outputIndex(l - 1) * columns, wanted);
      stateWords.load(laneWords + (l < LAYERS - 1 ? stateIndex(k, l + 1) : stateIndex(k + 1, 0)) * columns, wanted);
      if (l > 0) {
        slice.load(weights + inputMatrix(l) * MATRIX_HALVES);
        grid.awaitWords(below, laneWords + outputIndex(l - 1) * columns, wanted, k + 1);
        slice.multiply(input, below);
      }
      storeSums(partials + warp * 2 * TILE_FLOATS, input);
      float states[UNITS / 4];
      loadStates<true>(states, l, 0);
      __syncthreads();
      for (int i = t; i < 2 * TILE_FLOATS; i += WARPS * 32) {
        float half[2];
#pragma unroll
        for (int which = 0; which < 2; which++) {
          const float* partial = partials + which * WARPS * TILE_FLOATS + i;
          half[which] = partial[0];
#pragma unroll
          for (int n = 1; n < WARPS / 2; n++) half[which] += partial[n * 2 * TILE_FLOATS];
        }
        sums[i] = half[0] + half[1];
      }
      __syncthreads();
      if (warp == 0) gruEpilogue<true>(k, l, 0, states, sums, sums + TILE_FLOATS);  // The other warps continue meanwhile.
    }
    return !__syncthreads_or(grid.late);
  }

  // A warp has every eighth tile of a large batch.
  __device__ __forceinline__ int tile(int n) const { return n * WARPS + (threadIdx.x >> 5); }
  __device__ __forceinline__ bool hasTile(int n) const { return tile(n) * 8 < launch.count; }

  // Returns the address of a tile's gate sums, input then hidden. They reuse the memory of the peer's sums, which have
  // been added by then.
  __device__ __forceinline__ float* gateSums(int n) const {
    return peer.cell(CLUSTER > 1 ? n : 0, 0, 0) - (threadIdx.x & 31) * 2;
  }

  // Multiplies this block's part of k for N of a warp's tiles, so that one load of the weights serves all. The loads of a
  // batch of columns are in flight together; otherwise the warp would wait for each.
  template <int N>
  __device__ __forceinline__ void multiply(Sums& sums, int n, int matrix, int at) const {
    int lane = threadIdx.x & 31;
#pragma unroll
    for (int half = 0; half < 2 / CLUSTER; half++) {
      int which = CLUSTER == 1 ? half : ClusterPeer::rank();
      const half_t* from = halves(at, tile(n) * 8 + (lane >> 2)) + which * HALF_PAIRS * 32 + (lane & 3) * 8;
      const half_t* rows = weights + (matrix * 2 / CLUSTER + half) * HALF_PAIRS * CLUSTER * ROWS * 32;
      float total[CLUSTER][N][ROW_TILES][4] = {}, part[CLUSTER][N][ROW_TILES][4] = {};
#pragma unroll
      for (int first = 0; first < HALF_PAIRS; first += LOAD_BATCH) {
        uint4 columns[LOAD_BATCH][N];
#pragma unroll
        for (int i = 0; i < LOAD_BATCH; i++) {
#pragma unroll
          for (int each = 0; each < N; each++) {
            if (first + i < HALF_PAIRS)
              columns[i][each] = loadPublished(from + each * WARPS * 8 * HIDDEN + (first + i) * 32);
          }
        }
#pragma unroll
        for (int i = 0; i < LOAD_BATCH; i++) {
          if (first + i >= HALF_PAIRS) break;
          multiplyAdd(part, rows + (first + i) * CLUSTER * ROWS * 32, columns[i]);
          if (!endsSlice(first + i)) continue;
#pragma unroll
          for (int j = 0; j < CLUSTER * N; j++) {
            float(&sum)[ROW_TILES][4] = half == 0 ? sums.values[n + j % N][j / N] : total[j / N][j % N];
            addAndClear<ROW_TILES * 4>(&sum[0][0], &part[j / N][j % N][0][0]);
          }
        }
      }
      if (half == 0) continue;
#pragma unroll
      for (int j = 0; j < CLUSTER * N; j++) {
        addAndClear<ROW_TILES * 4>(&sums.values[n + j % N][j / N][0][0], &total[j / N][j % N][0][0]);
      }
    }
  }

  // Multiplies for all tiles of a warp, two at a time.
  __device__ __forceinline__ void multiply(Sums& sums, int matrix, int at) const {
#pragma unroll
    for (int n = 0; n < WARP_TILES; n += 2) {
      if (hasTile(n + 1)) multiply<2>(sums, n, matrix, at);
      else if (hasTile(n)) multiply<1>(sums, n, matrix, at);
    }
  }

  // Runs the layers of a step of a large batch. Returns false on a timeout.
  __device__ __forceinline__ bool layersLargeBatch(int k) {
    for (int l = 0; l < LAYERS; l++) {
      Sums inputs = {}, hiddens = {};
      multiply(hiddens, hiddenMatrix(l), stateIndex(k, l));  // Other blocks still compute the layer below.
      if (!grid.wait()) return false;
      float states[WARP_TILES][UNITS / 4];
      int tiles = 0;
#pragma unroll
      for (int n = 0; n < WARP_TILES; n++) {
        if (!hasTile(n)) continue;
        if (CLUSTER > 1) peer.send(hiddens, n, 1);
        loadStates<false>(states[n], l, tile(n));
        tiles++;
      }
      if (l > 0) multiply(inputs, inputMatrix(l), outputIndex(l - 1));
#pragma unroll
      for (int n = 0; n < WARP_TILES; n++) if (CLUSTER > 1 && l > 0 && hasTile(n)) peer.send(inputs, n, 0);
      if (CLUSTER > 1 && tiles > 0) peer.wait(grid, l > 0 ? 2 * tiles : tiles);
#pragma unroll
      for (int n = 0; n < WARP_TILES; n++) {
        if (CLUSTER == 1 || !hasTile(n)) continue;
        if (l > 0) peer.addReceived(inputs, n, 0);
        peer.addReceived(hiddens, n, 1);
      }
      __syncwarp();
#pragma unroll
      for (int n = 0; n < WARP_TILES; n++) {
        if (!hasTile(n)) continue;
        storeSums(gateSums(n), inputs.values[n][0]);
        storeSums(gateSums(n) + TILE_FLOATS, hiddens.values[n][0]);
        if (CLUSTER > 1) continue;
        __syncwarp();
        gruEpilogue<false>(k, l, tile(n), states[n], gateSums(n), gateSums(n) + TILE_FLOATS);
        __syncwarp();
      }
      __syncwarp();
#pragma unroll
      for (int n = 0; n < WARP_TILES; n++) {
        if (CLUSTER > 1 && hasTile(n)) gruEpilogue<false>(k, l, tile(n), states[n], gateSums(n), gateSums(n) + TILE_FLOATS);
      }
      grid.arrive();
    }
    return true;
  }

  // Loads this warp's slice of the head's input of a stream, as B fragments in the first four lanes.
  template <bool SMALL>
  __device__ __forceinline__ void headColumn(uint4 (&column)[SLICE_PAIRS], int k, int s) {
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, first = sliceBegin(warp), pairs = sliceBegin(warp + 1) - first;
    if (SMALL) {
      Words output;
      const u64* laneWords = words(outputIndex(LAYERS - 1), s) + first * 16 + (lane & 3) * 4;
      output.load(laneWords, lane < 4);
      grid.awaitWords(output, laneWords, lane < 4, k + 1);
#pragma unroll
      for (int i = 0; i < SLICE_PAIRS; i++) column[i] = output.halves(i);
    } else {
      const half_t* from = halves(outputIndex(LAYERS - 1), s) + first * 32 + lane * 8;
#pragma unroll
      for (int i = 0; i < SLICE_PAIRS; i++) {
        column[i] = make_uint4(0, 0, 0, 0);
        if (lane < 4 && i < pairs) column[i] = loadPublished(from + i * 32);
      }
    }
  }

  // Samples a stream's next id, by one warp.
  __device__ __forceinline__ void sampleNext(int k, int s, int sampler) {
    int at = sampler * HEAD_ROWS;
    const Stream& stream = launch.streams[s];
    int position = stream.position + k - stream.forced;
    int id = sample(stream, position, logits + at, sampleWeights + at, launch.seen + (size_t)s * SEEN_WORDS);
    if ((threadIdx.x & 31) == 0) publishId(k, s, id);
  }

  __device__ __forceinline__ void publishId(int k, int s, int id) {
    launch.seen[(size_t)s * SEEN_WORDS + (id >> 5)] |= 1u << (id & 31);
    launch.idsOut[(size_t)s * launch.steps + k] = id;
    asm volatile("st.relaxed.gpu.global.s32 [%0], %1;" ::"l"(launch.current + s), "r"((k + 1) * VOCABULARY + id) : "memory");
  }

  // Determines the next id of every stream. One block computes the logits of a stream; a warp samples while other warps
  // do so for other streams. A forced id is published no earlier than a sampled one could be, so that no LL word is
  // overwritten too early. Returns false on a timeout.
  template <bool SMALL>
  __device__ __forceinline__ bool nextIds(int k) {
    int t = threadIdx.x, warp = t >> 5, count = launch.count, blocks = gridDim.x;
    HeadTile tiles[HEAD_PREFETCH];
    auto load = [&](int from) {
#pragma unroll
      for (int i = 0; i < HEAD_PREFETCH; i++) if (from + i < HEAD_TILES) tiles[i].load(launch.head, from + i);
    };
    if ((int)blockIdx.x < count) load(0);          // Other blocks still compute the last layer.
    if (!SMALL && !grid.wait()) return false;
    for (int begin = blockIdx.x; begin < count; begin += samplers * blocks) {
      for (int sampler = 0; sampler < samplers; sampler++) {
        int s = begin + sampler * blocks;
        if (s >= count || k >= lengths[s][0]) continue;
        uint4 column[SLICE_PAIRS];
        headColumn<SMALL>(column, k, s);
        if (k < lengths[s][1]) {
          if (__syncthreads_or(grid.late)) return false;
          if (t == 0) publishId(k, s, launch.forced[launch.streams[s].forcedFrom + k]);
          continue;
        }
        for (int from = 0; from < HEAD_TILES; from += HEAD_PREFETCH) {
          if (HEAD_TILES > HEAD_PREFETCH && (from > 0 || s != (int)blockIdx.x)) load(from);
#pragma unroll
          for (int i = 0; i < HEAD_PREFETCH; i++) {
            if (from + i < HEAD_TILES) tiles[i].multiply(partials + warp * HEAD_ROWS, from + i, column);
          }
        }
        if (__syncthreads_or(grid.late)) return false;
        for (int id = t; id < VOCABULARY; id += WARPS * 32) {
          float total = partials[id];
#pragma unroll
          for (int slice = 1; slice < WARPS; slice++) total += partials[slice * HEAD_ROWS + id];
          total += __ldg(launch.headBias + id);
          logits[sampler * HEAD_ROWS + id] = total;
          if (launch.logitsOut) launch.logitsOut[((size_t)k * count + s) * VOCABULARY + id] = total;
        }
        __syncthreads();
      }
      int s = begin + warp * blocks;
      if (warp < samplers && s < count && k < lengths[s][0] && k >= lengths[s][1]) sampleNext(k, s, warp);
      if (begin + samplers * blocks < count) __syncthreads();  // The next round overwrites the logits.
    }
    if (!SMALL) grid.arrive();
    return true;
  }

  template <bool SMALL>
  __device__ __forceinline__ void decode() {
    begin<SMALL>();
    if (!grid.wait()) return;
    if (SMALL) {
      int column = (threadIdx.x & 31) >> 2;
      stateWords.load(words(stateIndex(0, 0), column) + sliceBegin(threadIdx.x >> 5) * 16 + (threadIdx.x & 3) * 4,
                      lengths[column][0] > 0);
    }
    for (int k = 0; k < launch.steps; k++) {
      if (!(SMALL ? layersSmallBatch(k) : layersLargeBatch(k)) || !nextIds<SMALL>(k)) return;
    }
    if (!SMALL) return;
    __syncthreads();
    for (int i = threadIdx.x; i < LAYERS * UNITS * launch.count; i += WARPS * 32) {
      int u = i % UNITS, l = i / UNITS % LAYERS, s = i / (UNITS * LAYERS);
      *state<false>(l, u, s) = *state<true>(l, u, s);
    }
  }

  template <bool SMALL>
  __device__ __forceinline__ static void run(const Launch& launch) {
    extern __shared__ __align__(16) unsigned char memory[];
    u64 startNanos = nanoseconds();
    int samplers = min(WARPS, (launch.slots + gridDim.x - 1) / gridDim.x);
    Block block = {launch, (int)blockIdx.x * UNITS, samplers,
                   {launch.control, launch.control + 1, startNanos + launch.timeoutNanos, 0, 0}};
    block.layOut<SMALL>(memory);
    block.decode<SMALL>();
    if (!SMALL) ClusterPeer::clusterBarrier();
    if (blockIdx.x == 0 && threadIdx.x == 0) launch.control[2] = (unsigned)(nanoseconds() - startNanos);
  }
};

extern "C" __global__ void __launch_bounds__(WARPS * 32, 1) decodeSmallBatch(const __grid_constant__ Launch launch) {
  Block::run<true>(launch);
}

#if CLUSTER > 1
#define CLUSTERED __cluster_dims__(CLUSTER, 1, 1)
#else
#define CLUSTERED
#endif
extern "C" __global__ void __launch_bounds__(WARPS * 32, 1) CLUSTERED
decodeLargeBatch(const __grid_constant__ Launch launch) {
  Block::run<false>(launch);
}
