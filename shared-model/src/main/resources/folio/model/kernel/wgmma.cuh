#pragma once

// Products of a warpgroup, four warps, with wgmma.m64nNk16: C[64 x N] += A[64 x 16] * B[16 x N], N = 24, 48, 72 or 96.
// A is 64 rows in registers, of which each warp has 16, B is in shared memory. A and B are halves, C is float32. Only
// GPUs of compute capability 9.0 have the instruction, and the target must be sm_90a.
//
// A warp's fragments of A, and those of C for every eight columns, are those of mma.m16n8k16 (mma.cuh). One instruction
// gives the same bits as mma.m16n8k16 does.
//
// B is stored as core matrices of eight columns by eight k, 128 bytes, a column's k next to each other. A k16 step has
// [N / 8][2][8 columns][8 k]. The order of k is that of the fragments in mma.cuh: of a pair of 32 neighbouring k, the
// first step has k = 0, 1, 8, 9, 16, 17, 24, 25 and then 2, 3, 10, 11, 18, 19, 26, 27; the second step has the same + 4.

#include "mma.cuh"

constexpr int CORE_BYTES = 128;

// Returns the descriptor of the first k16 step of a matrix in shared memory without swizzling: its address, and the
// distances between core matrices that are neighbours in k and in columns.
DEVICE u64 matrixDescriptor(const half_t* matrix) {
  const u64 alongK = CORE_BYTES, alongColumns = 2 * CORE_BYTES;
  return (sharedAddress(matrix) & 0x3FFFF) >> 4 | alongK >> 4 << 16 | alongColumns >> 4 << 32;
}

// Returns the descriptor of a later step. A step has "columns" columns.
DEVICE u64 stepDescriptor(u64 first, int step, int columns) { return first + step * columns * 32 / 16; }

// Orders a warpgroup's accesses of registers before the products that follow.
DEVICE void fenceWarpgroup() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }

// Waits for all products of the warpgroup, whose sums can then be used.
template <int N>
DEVICE void awaitWarpgroup(float (&sums)[N]) {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
#pragma unroll
  for (int i = 0; i < N; i++) asm volatile("" : "+f"(sums[i])::"memory");  // No use of a sum moves before the wait.
}

// Makes what the thread wrote to shared memory visible to products after the next barrier.
DEVICE void publishToProducts() { asm volatile("fence.proxy.async;" ::: "memory"); }

#define SUMS_12(i) \
  "+f"(c[i]), "+f"(c[i + 1]), "+f"(c[i + 2]), "+f"(c[i + 3]), "+f"(c[i + 4]), "+f"(c[i + 5]), "+f"(c[i + 6]), \
      "+f"(c[i + 7]), "+f"(c[i + 8]), "+f"(c[i + 9]), "+f"(c[i + 10]), "+f"(c[i + 11])
#define SUMS_24 SUMS_12(0), SUMS_12(12)
#define SUMS_36 SUMS_24, SUMS_12(24)
#define SUMS_48 SUMS_36, SUMS_12(36)
#define NAMES_12 "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11"
#define NAMES_24 NAMES_12 ",%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23"
#define NAMES_36 NAMES_24 ",%24,%25,%26,%27,%28,%29,%30,%31,%32,%33,%34,%35"
#define NAMES_48 NAMES_36 ",%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47"

// Defines multiplyAdd for N columns and N / 2 sums of a lane; the other arguments are numbers of operands. If "add" is
// false, the product replaces the sums.
#define DEFINE_MULTIPLY_ADD(N, COUNT, NAMES, SUMS, A0, A1, A2, A3, B, ADD)                                          \
  DEVICE void multiplyAdd(float (&c)[COUNT], unsigned a0, unsigned a1, unsigned a2, unsigned a3, u64 b, bool add) { \
    asm volatile("{.reg .pred p; setp.ne.b32 p, %" #ADD ", 0; wgmma.mma_async.sync.aligned.m64n" #N                  \
                 "k16.f32." HALF_TYPE "." HALF_TYPE " {" NAMES "}, {%" #A0 ",%" #A1 ",%" #A2 ",%" #A3 "}, %" #B      \
                 ", p, 1, 1, 0;}"                                                                                   \
                 : SUMS                                                                                             \
                 : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(b), "r"((int)add));                                      \
  }
DEFINE_MULTIPLY_ADD(24, 12, NAMES_12, SUMS_12(0), 12, 13, 14, 15, 16, 17)
DEFINE_MULTIPLY_ADD(48, 24, NAMES_24, SUMS_24, 24, 25, 26, 27, 28, 29)
DEFINE_MULTIPLY_ADD(72, 36, NAMES_36, SUMS_36, 36, 37, 38, 39, 40, 41)
DEFINE_MULTIPLY_ADD(96, 48, NAMES_48, SUMS_48, 48, 49, 50, 51, 52, 53)
