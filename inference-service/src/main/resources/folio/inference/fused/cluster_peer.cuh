#pragma once

// The exchange between the two blocks of a thread-block cluster, for large batches. Both blocks need the outputs of all
// units of a stream, which is most of what a step reads. So each block reads one half of k only, multiplies it with the
// rows of both blocks, and sends the sums of the other's rows to its peer: through distributed shared memory, with an
// mbarrier that counts the bytes that have arrived (its transaction count).
//
// A warp exchanges with the warp of the same index in the peer, for the same tiles. Each has an mbarrier, which
// completes a phase per layer: after one arrival, its own, and all bytes that this arrival expects. Bytes may come
// before the arrival, but not before the phase: the peer sends those of the next phase after a grid barrier, at which
// this block arrives only after its wait for the current one.
//
// No sum is overwritten too early. A block sends the sums of a layer after it has waited for the grid barrier after the
// layer below (for the first layer, after the ids). The peer arrived at that barrier after it had used up all sums in
// its memory, received ones and its own.

#include "grid_barrier.cuh"
#include "layout.cuh"

// The products of a layer for a tile.
enum Product { INPUT_PRODUCT, HIDDEN_PRODUCT };

// A lane's sums for the tiles of its warp: C fragments of the rows of this block, then of its peer.
struct TileSums {
  float values[WARP_TILES][CLUSTER][ROW_TILES][4];
};

// The other block of a cluster. A block without a cluster has all of k and no peer.
struct ClusterPeer {
  float* received;                                 // see SharedMemory
  u64* mbarriers;
  unsigned peerOffset;                             // from an address in this block's shared memory to the same one in
                                                   // the peer's
  unsigned phase;                                  // the parity of the mbarriers' phase

  DEVICE static unsigned rank() { return blockIdx.x % CLUSTER; }

  // Returns the same address in the peer's shared memory.
  DEVICE unsigned inPeer(const void* here) const { return sharedAddress(here) + peerOffset; }

  // Returns the address of this lane's two numbers in a group of eight rows, for a tile and a product.
  DEVICE float* cell(int n, Product product, int eight) const {
    int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    return received + ((n * WARPS + warp) * 2 + product) * PEER_FLOATS + eight * 64 + lane * 2;
  }

  // Waits until both blocks are here. They must be while one writes to the other's memory.
  DEVICE static void clusterBarrier() {
    if (CLUSTER > 1) barrierCluster();
  }

  DEVICE void init() {
    if (CLUSTER == 1) return;
    peerOffset = addressInBlock(sharedAddress(received), rank() ^ 1);
    peerOffset -= sharedAddress(received);
    if (threadIdx.x < WARPS) initMbarrier(sharedAddress(mbarriers + threadIdx.x));
    clusterBarrier();
  }

  // Sends the sums of the peer's rows of a tile. The peer's mbarrier counts the bytes.
  DEVICE void send(const TileSums& sums, int n, Product product) const {
    unsigned arrival = inPeer(mbarriers + (threadIdx.x >> 5));
#pragma unroll
    for (int i = 0; i < PEER_FLOATS / 64; i++) {   // Eight rows at a time: rows g, then rows g + 8 of a C fragment.
      const float* sent = &sums.values[n][CLUSTER - 1][i / 2][i % 2 * 2];
      storeAsync(inPeer(cell(n, product, i)), sent[0], sent[1], arrival);
    }
  }

  // Waits until the peer has sent a number of tile products to this warp.
  DEVICE void wait(GridSync& grid, int products) {
    unsigned own = sharedAddress(mbarriers + (threadIdx.x >> 5));
    if ((threadIdx.x & 31) == 0) arriveExpecting(own, products * PEER_FLOATS * 4);
    unsigned spins = 0;
    bool done;
    do {
      done = hasCompleted(own, phase);
    } while (!done && !grid.expired(spins));
    phase ^= 1;
  }

  // Adds the sums of a tile that the peer has sent.
  DEVICE void addReceived(TileSums& sums, int n, Product product) const {
#pragma unroll
    for (int i = 0; i < PEER_FLOATS / 64; i++) {
      float2 more = *(const float2*)cell(n, product, i);
      float* sum = &sums.values[n][0][i / 2][i % 2 * 2];
      sum[0] += more.x, sum[1] += more.y;
    }
  }
};
