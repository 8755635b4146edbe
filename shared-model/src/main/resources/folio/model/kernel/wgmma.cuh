#pragma once

// Products of a warpgroup, four warps, with wgmma.m64nNk16: C[64 x N] += A[64 x 16] * B[16 x N], N = 24 or 48.
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

// Returns the descriptor of a later step from a column on. A step has "columns" columns.
DEVICE u64 stepDescriptor(u64 first, int step, int columns, int fromColumn) {
  return first + (step * columns + fromColumn) * 32 / 16;
}

// Orders a warpgroup's accesses of registers before the products that follow.
DEVICE void fenceWarpgroup() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }

// Ends a group of products, for awaitProducts.
DEVICE void commitProducts() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// Waits for all products of the warpgroup except the last groups, at most two. The sums of others can then be used.
template <int N>
DEVICE void awaitProducts(int groups, float (&sums)[N]) {
  if (groups == 0) asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
  else if (groups == 1) asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
  else asm volatile("wgmma.wait_group.sync.aligned 2;" ::: "memory");
#pragma unroll
  for (int i = 0; i < N; i++) asm volatile("" : "+f"(sums[i])::"memory");  // No use of a sum moves before the wait.
}

// Makes what the thread wrote to shared memory visible to products after the next barrier.
DEVICE void publishToProducts() { asm volatile("fence.proxy.async;" ::: "memory"); }

#define SUMS_12(as, i) \
  as(c[i]), as(c[i + 1]), as(c[i + 2]), as(c[i + 3]), as(c[i + 4]), as(c[i + 5]), as(c[i + 6]), as(c[i + 7]), \
      as(c[i + 8]), as(c[i + 9]), as(c[i + 10]), as(c[i + 11])
#define SUMS_24(as) SUMS_12(as, 0), SUMS_12(as, 12)
#define NAMES_12 "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11"
#define NAMES_24 NAMES_12 ",%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23"

// Defines a product of N columns and N / 2 sums of a lane, which adds to the sums or replaces them. The numbers are those
// of operands.
#define DEFINE_PRODUCT(NAME, ADD, N, COUNT, NAMES, SUMS, A0, A1, A2, A3, B)                                \
  DEVICE void NAME(float (&c)[COUNT], unsigned a0, unsigned a1, unsigned a2, unsigned a3, u64 b) {         \
    asm volatile("{.reg .pred p; setp.ne.b32 p, " #ADD ", 0; wgmma.mma_async.sync.aligned.m64n" #N          \
                 "k16.f32." HALF_TYPE "." HALF_TYPE " {" NAMES "}, {%" #A0 ",%" #A1 ",%" #A2 ",%" #A3       \
                 "}, %" #B ", p, 1, 1, 0;}"                                                                \
                 : SUMS                                                                                    \
                 : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(b));                                            \
  }
DEFINE_PRODUCT(multiply, 0, 24, 12, NAMES_12, SUMS_12("=f", 0), 12, 13, 14, 15, 16)
DEFINE_PRODUCT(multiply, 0, 48, 24, NAMES_24, SUMS_24("=f"), 24, 25, 26, 27, 28)
DEFINE_PRODUCT(multiplyAdd, 1, 24, 12, NAMES_12, SUMS_12("+f", 0), 12, 13, 14, 15, 16)
DEFINE_PRODUCT(multiplyAdd, 1, 48, 24, NAMES_24, SUMS_24("+f"), 24, 25, 26, 27, 28)
