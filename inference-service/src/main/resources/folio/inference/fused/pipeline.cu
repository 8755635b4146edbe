// Decodes characters for many streams, up to 1,024 a launch, on a GPU with wgmma (compute capability 9.0).
//
// In the two forms of decode.cu every block has some units of every layer, so every block reads the states and outputs
// of every layer, and all wait for each other after every layer. Here a block has many units of one layer: 32 of 512, for
// instance, so that sixteen blocks are a layer. The streams are split into groups of 64, which follow each other through
// the layers, like parts in an assembly line: while the first layer works on one group, the second works on the group
// before it. A block reads what its own layer needs and nothing else, and no barrier stops the grid.
//
//   blocks of a layer   take the groups in their order; warpgroups multiply 64 streams with the weights in shared memory
//   blocks of the head  compute the logits of the groups that leave the last layer
//   drawing warps       in every block, beside what it computes: each draws the next ids of some streams
//
// Words of states, outputs and logits say themselves whether they are there (published.cuh): a reader loads what it needs
// and loads again what is EMPTY. Ids are words that carry their step, as in decode.cu, and float32 outputs carry a tag.
//
// Call (k, l, g) what layer l does in step k for group g. A group runs in a step as long as one of its streams does, and
// all its streams are published then, since readers wait for all.
//
// 1. A block of (k, l, g) publishes after it has multiplied all words of (k, l - 1, g) and, in a step above 0, of
//    (k - 1, l, g): both products come before the exchange of sums. (k, 0, g) has waited for the ids before step k of all
//    streams that ran in step k - 1. They were drawn from logits, and these from words of all blocks of (k - 1, LAYERS - 1,
//    g). So when a block publishes in (k, l, g), all blocks and all warps that draw have read all that step k - 1 needs
//    of the group.
// 2. So in step k, what was published for step k - 1 can be emptied: the outputs of (k - 1, l, g), the logits, and the
//    states before step k - 1. Whoever has published a word empties it.
// 3. A reader must not find an earlier step's word where it waits for a later one. Outputs and logits have three buffers:
//    what is emptied in step k is published again in step k + 2. Its reader has read a word of the same publisher from
//    step k + 1 before it looks. Between the emptying and that word the publisher has a fence, and between that word and
//    the look the reader has one: "once a step" in the code, in the last turn of a step, between the product and the
//    loads for the next turn. States have four buffers, because those that (k + 1, l, g) reads were published in step k:
//    the states before step k - 1, emptied in step k, are published again as those before step k + 3, in step k + 2.
// 4. A word that is emptied and published again has the same writer, so its changes have an order.
// 5. A float32 output is read by one thread of the next layer, which writes its own there, with the next tag. Layers do so
//    one after the other. Steps have two buffers in turn, since the first layer has waited for no thread that reads them:
//    between the last write of step k and the first of step k + 2 lie the writer's fence of step k and its words of
//    step k + 1.
// 6. After a timeout, nothing holds. The host discards the results.
//
// Sums have the order of launch.cuh, and wgmma gives the bits of mma (wgmma.cuh), so a stream's text is the same to the
// last bit as in decode.cu.
//
//   pipeline_layout.cuh  distribution over the grid, shared memory
//   published.cuh        words that say whether they are there
//   pipeline_block.cuh   where blocks publish, and the order of their work
//   pipeline_layer.cuh   a block of a layer
//   pipeline_head.cuh    a block of the head
//   pipeline_draws.cuh   the warps that draw
//   launch.cuh, grid_barrier.cuh, gates.cuh, sampler.cuh, arena.cuh  are those of decode.cu
//
// The grid has GRID blocks of 384 threads and must be launched cooperatively. folio.inference.fused.PipelineLayout is the
// counterpart on the host.

#include "pipeline_draws.cuh"
#include "pipeline_head.cuh"
#include "pipeline_layer.cuh"

// Fills memory with a word, all blocks together.
DEVICE void fill(uint4* to, size_t bytes, unsigned word) {
  for (size_t i = blockIdx.x * THREADS + threadIdx.x; i < bytes / 16; i += GRID * THREADS) {
    to[i] = make_uint4(word, word, word, word);
  }
}

// Prepares what all blocks wait for: nothing is published yet, except the states and ids before the first step.
DEVICE void PipelineBlock::begin() {
  size_t streams = (size_t)launch.slots * HIDDEN;
  fill((uint4*)fragments(1, 0, 0), (STATE_BUFFERS + OUTPUT_BUFFERS - 1) * LAYERS * streams * sizeof(half_t), EMPTY);
  fill((uint4*)launch.logits, (size_t)LOGIT_BUFFERS * launch.slots * HEAD_ROWS * sizeof(float), EMPTY);
  if (RESIDUAL) fill((uint4*)launch.residuals, 2 * streams * sizeof(u64), 0);
  for (int tile = threadIdx.x; tile < launch.slots / TILE; tile += THREADS) {
    int steps = 0;
    for (int s = tile * TILE; s < min((tile + 1) * TILE, launch.count); s++) steps = max(steps, launch.streams[s].length);
    shared.tileSteps[tile] = steps;
  }
  __syncthreads();
  for (int g = threadIdx.x; g < groups; g += THREADS) {
    int steps = 0;
    for (int tile = g * GROUP_TILES; tile < (g + 1) * GROUP_TILES; tile++) steps = max(steps, shared.tileSteps[tile]);
    shared.groupSteps[g] = steps;
  }
  if (blockIdx.x == 0) {
    for (int s = threadIdx.x; s < launch.count; s += THREADS) launch.current[s] = launch.streams[s].lastId;
  }
  if (isHead()) beginHead();
  else beginLayer();
}

// Runs all steps. Returns early on a timeout, see decode.cu.
DEVICE void decode(PipelineBlock& block) {
  block.begin();
  block.grid.arrive();
  if (!block.grid.wait()) return;
  if (threadIdx.x >= COMPUTING) {
    releaseRegisters<DRAWING_REGISTERS>();
    block.runDraws();
    if (threadIdx.x % 32 == 0) block.reportDuration();
    return;
  }
  requestRegisters<COMPUTING_REGISTERS>();
  if (PipelineBlock::isHead()) block.runHead();
  else block.runLayer();
}

extern "C" __global__ void __launch_bounds__(THREADS, 1) decodePipeline(const __grid_constant__ Launch launch) {
  extern __shared__ __align__(128) unsigned char memory[];
  u64 startNanos = nanoseconds();
  PipelineBlock block(launch, startNanos, memory);
  decode(block);
  if (blockIdx.x == 0 && threadIdx.x == 0) block.reportDuration();  // The drawing warps end later.
}
