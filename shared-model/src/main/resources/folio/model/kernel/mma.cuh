#pragma once

// Products on tensor cores with mma.m16n8k16: C[16 x 8] += A[16 x 16] * B[16 x 8]. A is 16 rows of weights, the columns
// of B and C are eight sequences. A and B are halves, C is float32. A column of C depends on no other column.
//
// The 32 lanes of a warp hold the operands together. Lane 4 * g + q, with g from 0 to 7 and q from 0 to 3, holds these
// fragments. A register of A or B has two halves, of neighbouring k, the lower k in its low 16 bits. k increases to the
// right in A and downwards in B:
//
//                                              column g
//                                            +----------+
//                            k = 2q, 2q+1    |    b0    |
//                                      B     +----------+
//                            k = 2q+8, 2q+9  |    b1    |
//                                            +----------+
//
//                 k = 2q, 2q+1  2q+8, 2q+9   columns 2q, 2q+1
//               +-------------+------------+ +----------------+
//     A  row g  |     a0      |     a2     | | sum[0], sum[1] |  row g    C
//               +-------------+------------+ +----------------+
//      row g+8  |     a1      |     a3     | | sum[2], sum[3] |  row g+8
//               +-------------+------------+ +----------------+
//
// The order of k is free as long as A and B use the same one. So two k16 steps form a pair of 32 neighbouring k, and a
// lane loads its eight halves k = 8q to 8q + 7 of a row or column at once, 16 bytes. They are its fragments of both
// steps. Of a lane's two rows of A or C, g is called low and g + 8 high:
//
//                               first step            second step
//     k - 8q                    0, 1      2, 3        4, 5      6, 7
//     row g of A: low           x = a0    y = a2      z = a0    w = a2
//     row g + 8 of A: high      x = a1    y = a3      z = a1    w = a3
//     column g of B: b          x = b0    y = b1      z = b0    w = b1

#include "ptx.cuh"

DEVICE void mmaFirst(float (&sum)[4], uint4 low, uint4 high, uint4 b) {
  mma(sum, low.x, high.x, low.y, high.y, b.x, b.y);
}

DEVICE void mmaSecond(float (&sum)[4], uint4 low, uint4 high, uint4 b) {
  mma(sum, low.z, high.z, low.w, high.w, b.z, b.w);
}
