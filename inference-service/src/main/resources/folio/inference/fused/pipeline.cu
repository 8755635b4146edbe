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

// Runs all steps. Returns early on a timeout, see decode.cu.
DEVICE void decode(PipelineBlock& block) {
  const Launch& launch = block.launch;
  if (PipelineBlock::isHead()) block.beginHead();
  else block.beginLayer();
  if (blockIdx.x == 0) {
    for (int s = threadIdx.x; s < launch.count; s += THREADS) launch.current[s] = launch.streams[s].lastId;
    for (int i = threadIdx.x; i < (LAYERS + 1) * block.groups; i += THREADS) launch.arrivals[i] = 0;
  }
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
