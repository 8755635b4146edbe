// Decodes a chunk of characters for many streams in one launch, with the network's weights in shared memory.
//
// A GRU that generates one character at a time spends its time on kernel launches and on reading weights. This
// persistent kernel avoids both: all blocks of the grid are resident at once and hold the weights, as float16, in
// shared memory for the whole launch. Block b computes the units b * UNITS to b * UNITS + UNITS - 1 of every layer for
// every stream. Blocks exchange the float16 states and outputs of their units, and character ids, through global
// memory, which in practice is the L2 cache.
//
// A step of a stream leads from one character to the next: embedding, layers, head, sampler. Two forms of a batch
// differ in how blocks exchange states and outputs:
//
//   small (up to eight streams)   words that carry data and a flag for the step, as in NCCL's LL protocol; no barrier
//                                 after the first, which separates the initial words from step 0
//   large                         plain halves with a grid barrier after every layer and after the ids; the two blocks
//                                 of a thread-block cluster share their reads through distributed shared memory
//
// Products run on tensor cores (mma.m16n8k16): 16 rows of weights times 8 streams, float16 in, float32 out. A stream is
// a column of the product. Its result does not depend on the other columns, and the order of additions is the same for
// one warp or eight and for one block or two. So a stream's text is the same to the last bit alone, among 255 others,
// in any slot and in chunks of any length. A unit's own state and its residual sum are float32 and stay with the block
// that owns the unit; other blocks read its state and output as float16.
//
//   layout.cuh         shape of the network, structs of the host, shared memory, order of additions
//   fragments.cuh      fragments of a block's rows
//   grid_barrier.cuh   waiting for other blocks
//   ll_words.cuh       the LL protocol
//   cluster_peer.cuh   the exchange of two blocks of a cluster
//   sampler.cuh        penalties, top-k, top-p, min-p and the draw
//   block.cuh          a block's state and the GRU epilogue
//   head.cuh           logits and the next ids
//   small_batch.cuh    the layers of a step for up to eight streams
//   large_batch.cuh    the layers of a step for more
//
// ptx.cuh and mma.cuh belong to folio.model.kernel: thin wrappers of PTX instructions, and products on tensor cores.
//
// The grid has HIDDEN / UNITS blocks of 256 threads and must be launched cooperatively. See layout.cuh for the
// compile-time definitions, and folio.inference.fused.KernelLayout for their counterpart on the host.

#include "block.cuh"
#include "head.cuh"
#include "large_batch.cuh"
#include "layout.cuh"
#include "small_batch.cuh"

// Runs all steps. Returns early on a timeout. All that the launch writes except control is then undefined, states, ids
// and logits included, and the host must discard it.
template <typename Batch>
DEVICE void decode(Batch& batch) {
  batch.begin();
  if (!batch.grid.wait()) return;
  batch.start();
  for (int k = 0; k < batch.launch.steps; k++) {
    if (!batch.runLayers(k) || !batch.nextIds(k)) return;
  }
  batch.storeStates();
}

template <typename Batch>
DEVICE void run(const Launch& launch) {
  extern __shared__ __align__(16) unsigned char memory[];
  u64 startNanos = nanoseconds();
  Batch batch(launch, startNanos, memory);
  decode(batch);
  batch.finish();
  if (blockIdx.x == 0 && threadIdx.x == 0) launch.control[2] = (unsigned)(nanoseconds() - startNanos);
}

extern "C" __global__ void __launch_bounds__(THREADS, 1) decodeSmallBatch(const __grid_constant__ Launch launch) {
  run<SmallBatch>(launch);
}

#if CLUSTER > 1
#define CLUSTERED __cluster_dims__(CLUSTER, 1, 1)
#else
#define CLUSTERED
#endif
extern "C" __global__ void __launch_bounds__(THREADS, 1) CLUSTERED
decodeLargeBatch(const __grid_constant__ Launch launch) {
  run<LargeBatch>(launch);
}
