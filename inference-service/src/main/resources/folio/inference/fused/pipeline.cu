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
// Blocks pass a group on by a counter for each layer and group, which only grows: a layer's blocks add one each after
// they have published their units of the group. Its readers wait for the counter. Ids are words that carry their step, as
// in decode.cu. Nothing is overwritten before all its readers have read it. Call (k, l, g) what layer l does in step k
// for group g:
//
// 1. (k, l, g) waits for all blocks of (k, l - 1, g), and (k, 0, g) for the ids before step k, which were drawn from
//    logits that all blocks of (k - 1, LAYERS - 1, g) led to. So when a block works on (k, l, g), every block has
//    finished step k - 1 of the group, and in step k all layers below l.
// 2. The outputs of (k, l, g) are read in (k, l + 1, g). Layers l and l + 2 share a buffer: (k, l + 2, g) has waited for
//    all blocks of (k, l + 1, g). The same holds for the next step, and for the head as the reader of the last layer.
// 3. The states before step k are read in (k, l, g) and overwritten in (k + 1, l, g): states have two buffers, since a
//    block of (k, l, g) may publish while another still reads.
// 4. The residual sum of a unit is read by a lane of (k, l, g), which has waited for the lane of (k, l - 1, g) that wrote
//    it, and which alone writes it next. Layer 0 writes it after the ids.
// 5. The logits of a stream that runs are overwritten after its id has come, for which layer 0 has waited. Those of a
//    finished stream are computed again from the same outputs, so the same bits are written.
//
// A group none of whose streams run has no ids to wait for, and its blocks may run ahead. Its layers publish nothing
// then, and the head writes the same logits again.
//
// Sums have the order of launch.cuh, and wgmma gives the bits of mma (wgmma.cuh), so a stream's text is the same to the
// last bit as in decode.cu.
//
//   pipeline_layout.cuh  distribution over the grid, shared memory
//   pipeline_block.cuh   what blocks publish, and how they wait
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
  fill((uint4*)statesBefore(1, 0, 0), (STATE_BUFFERS + OUTPUT_BUFFERS - 1) * LAYERS * streams * sizeof(half_t), EMPTY);
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
