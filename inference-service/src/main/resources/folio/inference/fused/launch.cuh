#pragma once

// What all forms of the kernel share: the shape of the network, the order of additions, and the structs that the host
// writes. folio.inference.fused.StreamStruct and LaunchStruct mirror the structs. The host passes their sizes, and the
// assertions below compare them at every compilation.
//
// Compile-time definitions of the host:
//   LAYERS, HIDDEN, VOCABULARY   the shape of the network
//   RESIDUAL                     1 if layers above the first add their input to their output, else 0
//   RELU                         1 if the head's input is rectified, else 0
//   STREAM_BYTES, LAUNCH_BYTES   the sizes of Stream and Launch

#include "ptx.cuh"

// Divides and rounds up.
DEVICE constexpr unsigned divideUp(unsigned count, unsigned by) { return (count + by - 1) / by; }

constexpr int TILE = 8;                     // The streams of a tile: the columns of a tensor-core product.
constexpr int SLICES = 8;                   // The slices of a sum over k.
constexpr int PAIRS = HIDDEN / 32;          // Pairs of k16 steps in HIDDEN. See mma.cuh.
constexpr int HALF_PAIRS = PAIRS / 2;       // Pairs in one half of k.
constexpr int SLICE_PAIRS = (PAIRS + SLICES - 1) / SLICES;  // The largest number of pairs in a slice of k.
constexpr int HEAD_TILES = (VOCABULARY + 15) / 16;
constexpr int HEAD_ROWS = HEAD_TILES * 16;
constexpr int SEEN_WORDS = (VOCABULARY + 31) / 32;

static_assert(HIDDEN % 64 == 0, "halves of k have whole pairs");

// A sum over k is split into eight slices: half 0 is the slices 0 to 3, half 1 the slices 4 to 7. The order of additions
// is fixed: a half is the sum of its slices in their order, and the result is half 0 + half 1, or half 1 + half 0, which
// is the same to the last bit. Every path in small_batch.cuh, large_batch.cuh and pipeline_layer.cuh keeps the order, so
// all of them give the same bits. The head adds the eight slices one by one.
DEVICE constexpr int sliceBegin(int slice) { return slice * PAIRS / SLICES; }

// Returns whether a pair, counted within its half, is the last of a slice.
DEVICE constexpr bool endsSlice(int pair) {
  for (int slice = 1; slice <= SLICES / 2; slice++) {
    if (sliceBegin(slice) == pair + 1) return true;
  }
  return false;
}

// One stream. The host writes it before a launch. A step leads from one id to the next. That id is forced, for instance
// one of a prompt, or sampled.
struct Stream {
  long long seed;
  double temperature;                       // 0: greedy
  double topP, minP, repetitionPenalty;
  int topK;
  int lastId;                               // the id before the first step
  int position;                             // the number of ids sampled with this seed before
  int length;                               // the number of steps, at most the launch's
  int forcedFrom, forced;                   // index of the first forced id in the launch's, and their number
  int logitsRow;                            // index among the streams whose logits the host wants, or -1
};
static_assert(sizeof(Stream) == STREAM_BYTES, "StreamStruct has another size");

// The kernel's parameter. Every pointer is to device memory.
struct Launch {
  const half_t* weights;                    // [block][matrix][pair][row][32]; hidden 0, input 1, hidden 1, ...
                                            // pipeline: [block of a layer][input, hidden][k16 step][ROWS / 8][2][8][8]
  const float* table;                       // [VOCABULARY][3][HIDDEN], input product and bias of the first layer
  const float* biases;                      // [LAYERS][2][3][HIDDEN], input (unused for the first layer) and hidden
  const half_t* head;                       // [pair][HEAD_ROWS][32]
  const float* headBias;                    // [VOCABULARY]
  float* states;                            // [slot][LAYERS][HIDDEN], read and written
  half_t* outputs;                          // [3 * LAYERS][slots][HIDDEN]: states before even and before odd steps,
                                            // layer outputs; small batch: LL words, [3 * LAYERS][8][HIDDEN / 2];
                                            // pipeline: see PipelineBlock::fragments
  const Stream* streams;                    // [count]
  const int* forced;                        // forced ids of all streams, see Stream
  unsigned* seen;                           // [count][SEEN_WORDS], a bit for each id that occurred; read, written
  int* current;                             // [count], scratch: see GridSync::awaitId
  int* idsOut;                              // [count][steps], forced ids included
  float* logitsOut;                         // [streams with a row][steps][VOCABULARY]; of forced ids undefined
  unsigned* control;                        // [0] counts arrivals at the barrier, [1] becomes 1 on a timeout, [2]
                                            // receives the duration in ns, mod 2^32; all must be 0 before
  float* ownStates;                         // pipeline: scratch, see PipelineBlock::ownStates
  u64* residuals;                           // pipeline: scratch, see PipelineBlock::residuals
  float* logits;                            // pipeline: scratch, [LOGIT_BUFFERS][slots][HEAD_ROWS]
  u64 timeoutNanos;                         // the longest time that the launch may take
  int characters;                           // ids from here on are never drawn
  int count, slots, steps;                  // streams; streams rounded up to whole tiles, or to whole groups in the
                                            // pipeline; steps, below 2^16, and (steps + 1) * VOCABULARY <= 2^31. The
                                            // host's MAX_STEPS is 256.
};
static_assert(sizeof(Launch) == LAUNCH_BYTES, "LaunchStruct has another size");

// Returns the logit that an id is drawn with.
DEVICE float drawnLogit(const Launch& launch, int id, float logit) {
  return id < launch.characters ? logit : -__int_as_float(0x7f800000);
}

// Returns where a stream's logits of a step go for the host, or null.
DEVICE float* logitsFor(const Launch& launch, const Stream& stream, int k) {
  if (stream.logitsRow < 0) return nullptr;
  return launch.logitsOut + ((size_t)stream.logitsRow * launch.steps + k) * VOCABULARY;
}
