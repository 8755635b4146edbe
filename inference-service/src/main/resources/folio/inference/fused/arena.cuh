#pragma once

// Arenas give a block's arrays their places in its shared memory. SharedMemory and PipelineMemory take their arrays from
// one of two: one that has the memory, on the device, and one that counts bytes, at compile time.

#include "ptx.cuh"

struct DeviceArena {
  unsigned char* next;

  template <typename T>
  DEVICE void take(T*& array, int count) {
    array = (T*)next;
    next = (unsigned char*)(array + count);
  }
};

struct CountingArena {
  int bytes = 0;
  bool aligned = true;                      // to eight bytes, which doubles, vectors of two floats and mbarriers need;
                                            // the weights need 16 bytes and come first

  template <typename T>
  DEVICE constexpr void take(T*& array, int count) {
    aligned &= bytes % 8 == 0;
    bytes += (int)sizeof(T) * count;
  }
};
