#pragma once

// A large batch: more than eight streams. The volume that is read dominates a step, and LL words would double it. So
// states and outputs are plain halves, with a grid barrier after every layer and after the ids. In a cluster, two
// blocks share their reads: see cluster_peer.cuh.
//
// A layer's output has one buffer. Its state has two, for even and for odd steps. In layer l of step k, a block reads
// the state before step k and the output of the layer below, writes its own output and the state before step k + 1, and
// then arrives at a barrier, here called (k, l). The barrier after the ids that step k leads to is (k, ids). The
// initial barrier stands for all barriers of step -1. Nothing is overwritten before all its readers have read it:
//
// 1. The output of (k, l) is read in layer l + 1 before the arrival at (k, l + 1), or by the head before (k, ids). It
//    is overwritten in layer l of step k + 1, after a wait for that barrier or a later one.
// 2. A state that step k computes in layer l overwrites the state before step k - 1, which all blocks read before they
//    arrived at (k - 1, l). The writer has waited for that barrier.
// 3. Hidden products need no output of the same step. So a block computes them between its arrival at a barrier and its
//    wait. It may then read a state before step k that others wrote before (k - 1, l), for which it has waited. Faster
//    blocks may already have computed the state before step k + 1 meanwhile. Hence two buffers.
// 4. The id before step k is read before the arrival at (k, 0). It is overwritten after a wait for (k, LAYERS - 1).

#include "block.cuh"
#include "fragments.cuh"

constexpr int LOAD_BATCH = HALF_PAIRS < 8 ? HALF_PAIRS : 8;  // Pairs whose columns a lane loads before it uses them.

// Adds the products of a cluster's rows, [CLUSTER][ROWS][32], with one pair of N tiles of eight streams. The products
// of the first k16 step are independent of each other, and so are those of the second.
template <int N>
DEVICE void multiplyAdd(float (&sums)[CLUSTER][N][ROW_TILES][4], const half_t* rows, const uint4 (&columns)[N]) {
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

// Adds N numbers to others and sets them to zero.
template <int N>
DEVICE void addAndClear(float* to, float* from) {
#pragma unroll
  for (int i = 0; i < N; i++) to[i] += from[i], from[i] = 0;
}

struct LargeBatch : Block<false> {
  using Block<false>::Block;

  // No load precedes the first step.
  DEVICE void start() {}

  // A warp has every eighth tile.
  DEVICE int tile(int n) const { return n * WARPS + (threadIdx.x >> 5); }
  DEVICE bool hasTile(int n) const { return tile(n) * TILE < launch.count; }

  // Returns the address of a tile's gate sums, input then hidden. They reuse the memory of the peer's sums, which have
  // been added by then.
  DEVICE float* gateSums(int n) const {
    return peer.cell(CLUSTER > 1 ? n : 0, INPUT_PRODUCT, 0) - (threadIdx.x & 31) * 2;
  }

  // Multiplies this block's part of k for N of a warp's tiles, so that one load of the weights serves all. The loads of
  // a batch of columns are in flight together; otherwise the warp would wait for each.
  template <int N>
  DEVICE void multiply(TileSums& sums, int n, int matrix, int at) const {
    int lane = threadIdx.x & 31;
#pragma unroll
    for (int half = 0; half < 2 / CLUSTER; half++) {
      int which = CLUSTER == 1 ? half : ClusterPeer::rank();
      const half_t* from = streamHalves(at, tile(n) * TILE + (lane >> 2)) + which * HALF_PAIRS * 32 + (lane & 3) * 8;
      const half_t* rows = shared.weights + (matrix * 2 / CLUSTER + half) * HALF_PAIRS * CLUSTER * ROWS * 32;
      float total[CLUSTER][N][ROW_TILES][4] = {}, part[CLUSTER][N][ROW_TILES][4] = {};
#pragma unroll
      for (int first = 0; first < HALF_PAIRS; first += LOAD_BATCH) {
        uint4 columns[LOAD_BATCH][N];
#pragma unroll
        for (int i = 0; i < LOAD_BATCH; i++) {
#pragma unroll
          for (int each = 0; each < N; each++) {
            if (first + i < HALF_PAIRS)
              columns[i][each] = loadPublished(from + each * WARPS * TILE * HIDDEN + (first + i) * 32);
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
  DEVICE void multiply(TileSums& sums, int matrix, int at) const {
#pragma unroll
    for (int n = 0; n < WARP_TILES; n += 2) {
      if (hasTile(n + 1)) multiply<2>(sums, n, matrix, at);
      else if (hasTile(n)) multiply<1>(sums, n, matrix, at);
    }
  }

  // Runs the layers of a step. Returns false on a timeout.
  DEVICE bool runLayers(int k) {
    for (int l = 0; l < LAYERS; l++) {
      TileSums inputs = {}, hiddens = {};
      multiply(hiddens, hiddenMatrix(l), stateIndex(k, l));  // Other blocks still compute the layer below.
      if (!grid.wait()) return false;              // In layer 0 of step 0, the block has waited already.
      float states[WARP_TILES][UNITS / 4];
      int tiles = 0;
#pragma unroll
      for (int n = 0; n < WARP_TILES; n++) {
        if (!hasTile(n)) continue;
        if (CLUSTER > 1) peer.send(hiddens, n, HIDDEN_PRODUCT);
        loadStates(states[n], l, tile(n));
        tiles++;
      }
      if (l > 0) multiply(inputs, inputMatrix(l), outputIndex(l - 1));
      if (CLUSTER > 1) exchange(inputs, hiddens, tiles, l > 0);
      __syncwarp();
      runEpilogues(k, l, inputs, hiddens, states);
      grid.arrive();
    }
    return true;
  }

  // Sends the input sums to the peer, if there are any, and adds what the peer has sent.
  DEVICE void exchange(TileSums& inputs, TileSums& hiddens, int tiles, bool hasInputs) {
#pragma unroll
    for (int n = 0; n < WARP_TILES; n++) if (hasInputs && hasTile(n)) peer.send(inputs, n, INPUT_PRODUCT);
    if (tiles > 0) peer.wait(grid, hasInputs ? 2 * tiles : tiles);
#pragma unroll
    for (int n = 0; n < WARP_TILES; n++) {
      if (!hasTile(n)) continue;
      if (hasInputs) peer.addReceived(inputs, n, INPUT_PRODUCT);
      peer.addReceived(hiddens, n, HIDDEN_PRODUCT);
    }
  }

  // Runs the epilogues of a layer. Lanes exchange sums through shared memory: in a cluster every tile has its own part
  // of it, and otherwise all tiles of a warp use one part in turn.
  DEVICE void runEpilogues(int k, int l, const TileSums& inputs, const TileSums& hiddens,
                           const float (&states)[WARP_TILES][UNITS / 4]) {
#pragma unroll
    for (int n = 0; n < WARP_TILES; n++) {
      if (!hasTile(n)) continue;
      storeSums(gateSums(n), inputs.values[n][0]);
      storeSums(gateSums(n) + TILE_FLOATS, hiddens.values[n][0]);
      if (CLUSTER > 1) continue;
      __syncwarp();
      gruEpilogue(k, l, tile(n), states[n], gateSums(n), gateSums(n) + TILE_FLOATS);
      __syncwarp();
    }
    __syncwarp();
#pragma unroll
    for (int n = 0; n < WARP_TILES; n++) {
      if (CLUSTER > 1 && hasTile(n)) gruEpilogue(k, l, tile(n), states[n], gateSums(n), gateSums(n) + TILE_FLOATS);
    }
  }

  // No block of a cluster may end while its peer writes to its memory. This matters only after a timeout: a block that
  // has run all steps has received all sums.
  DEVICE void finish() { ClusterPeer::clusterBarrier(); }

  // The epilogue has written the launch's states already.
  DEVICE void storeStates() {}
};
