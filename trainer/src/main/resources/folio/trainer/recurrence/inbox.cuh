#pragma once

// The messages that a block receives from all blocks of its cluster, itself included, one per character. They come
// through distributed shared memory, and an mbarrier counts the bytes that have arrived (its transaction count).
//
// There are two buffers, for even and odd messages. A block sends message m + 2 only after it has received all of
// message m + 1. Every block sends message m + 1 after all its threads have read message m. So no buffer is overwritten
// before all its readers have read it, and no byte arrives before the mbarrier's phase has begun.

#include "layout.cuh"

template <int BYTES>
struct Inbox {
  static constexpr int MEMORY = 128 + 2 * BYTES;  // bytes of shared memory

  unsigned char* buffers;
  unsigned mbarriers;                             // two, in shared memory
  int sent, received;                             // the number of messages

  // Takes shared memory. The blocks of the cluster meet before either sends anything.
  DEVICE explicit Inbox(unsigned char* memory)
      : buffers(memory + 128), mbarriers(sharedAddress(memory)), sent(0), received(0) {
    if (threadIdx.x == 0) {
      for (int i = 0; i < 2; i++) {
        initMbarrier(mbarriers + i * 8);
        arriveExpecting(mbarriers + i * 8, BYTES);
      }
    }
    barrierCluster();
  }

  DEVICE static unsigned rank() { return blockIdx.x % CLUSTER; }

  // Sends 16 bytes of the current message to an offset in a block's buffer. Neighbouring lanes should send to
  // neighbouring offsets in the same block: this was several times as fast as 16 bytes to each block in turn.
  DEVICE void send(unsigned receiver, int offset, uint4 value) const {
    unsigned to = sharedAddress(buffers + (sent & 1) * BYTES + offset), mbarrier = mbarriers + (sent & 1) * 8;
    storeAsync(addressInBlock(to, receiver), value, addressInBlock(mbarrier, receiver));
  }

  // Ends the current message of this thread.
  DEVICE void endMessage() { sent++; }

  // Waits until a message has arrived as a whole, and returns it. It stays valid until this thread sends its next message.
  DEVICE const unsigned char* receive() {
    int buffer = received & 1;
    unsigned mbarrier = mbarriers + buffer * 8, parity = received >> 1 & 1;
    while (!awaitCompletion(mbarrier, parity)) {}
    if (threadIdx.x == 0) arriveExpecting(mbarrier, BYTES);
    received++;
    return buffers + buffer * BYTES;
  }

  // No block may end while others send to it.
  DEVICE static void close() { barrierCluster(); }
};
