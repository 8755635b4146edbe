#pragma once

// Thin wrappers of PTX instructions. A kernel that defines BFLOAT16 as 1 computes with bfloat16 instead of float16.

#define DEVICE __device__ __forceinline__

#if BFLOAT16
#define HALF_TYPE "bf16"
#else
#define HALF_TYPE "f16"
#endif

typedef unsigned short half_t;              // A half: the bits of a float16 or bfloat16 number.
typedef unsigned long long u64;

DEVICE half_t toHalf(float value) {
  half_t half;
  asm("cvt.rn." HALF_TYPE ".f32 %0, %1;" : "=h"(half) : "f"(value));
  return half;
}

DEVICE float toFloat(half_t half) {
#if BFLOAT16
  return __uint_as_float((unsigned)half << 16);
#else
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(half));
  return value;
#endif
}

// Returns two neighbouring halves, the first in the low bits.
DEVICE unsigned toHalves(float first, float second) { return toHalf(first) | (unsigned)toHalf(second) << 16; }

DEVICE u64 nanoseconds() {
  u64 now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  return now;
}

// Reads what other blocks have published, after a grid barrier or after waiting for their arrivals. The L1 caches of
// multiprocessors are not coherent, so the load reads from L2 (.cg). "volatile" keeps the compiler from moving it across
// a barrier. It needs no memory clobber: a barrier separates it from every store to what it reads, or what is stored
// depends on it.
DEVICE uint4 loadPublished(const half_t* from) {
  uint4 v;
  asm volatile("ld.global.cg.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(from));
  return v;
}

DEVICE float loadPublished(const float* from) {
  float v;
  asm volatile("ld.global.cg.f32 %0, [%1];" : "=f"(v) : "l"(from));
  return v;
}

DEVICE float2 loadPublishedPair(const float* from) {
  float2 v;
  asm volatile("ld.global.cg.v2.f32 {%0,%1}, [%2];" : "=f"(v.x), "=f"(v.y) : "l"(from));
  return v;
}

// Reads what no block writes during the launch.
DEVICE float2 loadConstantPair(const float* from) {
  float2 v;
  asm volatile("ld.global.nc.v2.f32 {%0,%1}, [%2];" : "=f"(v.x), "=f"(v.y) : "l"(from));
  return v;
}

DEVICE void loadConstant(uint4& v, const half_t* from) {
  asm volatile("ld.global.nc.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(from));
}

// Relaxed accesses of words that other blocks poll. Each word is read as a whole, by the vector load, too. It carries
// its own step, so no order to other words is needed. small_batch.cuh, large_batch.cuh and pipeline.cu say why
// overwriting is safe.
DEVICE int loadRelaxed(const int* from) {
  int value;
  asm volatile("ld.relaxed.gpu.global.s32 %0, [%1];" : "=r"(value) : "l"(from) : "memory");
  return value;
}

DEVICE void loadRelaxed(u64& first, u64& second, const u64* from) {
  asm volatile("ld.relaxed.gpu.global.v2.u64 {%0,%1}, [%2];" : "=l"(first), "=l"(second) : "l"(from) : "memory");
}

DEVICE void storeRelaxed(int* to, int value) {
  asm volatile("st.relaxed.gpu.global.s32 [%0], %1;" ::"l"(to), "r"(value) : "memory");
}

DEVICE void storeRelaxed(u64* to, u64 value) {
  asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(to), "l"(value) : "memory");
}

DEVICE void storeRelaxed(u64* to, u64 first, u64 second) {
  asm volatile("st.relaxed.gpu.global.v2.u64 [%0], {%1,%2};" ::"l"(to), "l"(first), "l"(second) : "memory");
}

DEVICE void storeRelaxed(unsigned* to, unsigned value) {
  asm volatile("st.relaxed.gpu.global.u32 [%0], %1;" ::"l"(to), "r"(value) : "memory");
}

DEVICE void storeRelaxed(uint4* to, uint4 v) {
  asm volatile("st.relaxed.gpu.global.v4.u32 [%0], {%1,%2,%3,%4};" ::"l"(to), "r"(v.x), "r"(v.y), "r"(v.z), "r"(v.w)
               : "memory");
}

// It has no memory clobber, so that the compiler can use other registers and memory between several loads.
DEVICE uint4 loadRelaxed(const uint4* from) {
  uint4 v;
  asm volatile("ld.relaxed.gpu.global.v4.u32 {%0,%1,%2,%3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(from));
  return v;
}

// The release orders the thread's earlier accesses, and those of its block before a barrier, before the addition; the
// acquire orders the load before the thread's later accesses, and those of its block after a barrier. fenceAcquire does
// the same for a relaxed load before it, whose result the thread need not wait for meanwhile.
DEVICE void incrementRelease(unsigned* counter) {
  asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(counter) : "memory");
}

DEVICE unsigned loadAcquire(const unsigned* from) {
  unsigned value;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(from) : "memory");
  return value;
}

DEVICE unsigned loadRelaxed(const unsigned* from) {
  unsigned value;
  asm volatile("ld.relaxed.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(from) : "memory");
  return value;
}

DEVICE void fenceAcquire() { asm volatile("fence.acq_rel.gpu;" ::: "memory"); }

// Multiplies on a tensor core: sum[16 x 8] += a[16 x 16] * b[16 x 8]. See mma.cuh for the lanes' parts.
DEVICE void mma(float (&sum)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." HALF_TYPE "." HALF_TYPE
               ".f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
               : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

// The 32-bit address of shared memory that the instructions below take.
DEVICE unsigned sharedAddress(const void* shared) { return (unsigned)__cvta_generic_to_shared(shared); }

// Returns the same address in the shared memory of another block of the cluster.
DEVICE unsigned addressInBlock(unsigned sharedAddress, unsigned rank) {
  unsigned mapped;
  asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(mapped) : "r"(sharedAddress), "r"(rank));
  return mapped;
}

// Waits until all threads of the cluster are here.
DEVICE void barrierCluster() {
  asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
  asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
}

// Writes two floats to the shared memory of another block and reports eight bytes to an mbarrier there.
DEVICE void storeAsync(unsigned to, float first, float second, unsigned mbarrier) {
  asm volatile("st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v2.f32 [%0], {%1,%2}, [%3];" ::"r"(to),
               "f"(first), "f"(second), "r"(mbarrier)
               : "memory");
}

// Writes 16 bytes to the shared memory of a block and reports them to an mbarrier there.
DEVICE void storeAsync(unsigned to, uint4 value, unsigned mbarrier) {
  asm volatile("st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 [%0], {%1,%2,%3,%4}, [%5];" ::"r"(to),
               "r"(value.x), "r"(value.y), "r"(value.z), "r"(value.w), "r"(mbarrier)
               : "memory");
}

// Initializes an mbarrier whose phases complete after one arrival and all bytes that the arrival expects.
DEVICE void initMbarrier(unsigned mbarrier) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(mbarrier) : "memory");
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

DEVICE void arriveExpecting(unsigned mbarrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(mbarrier), "r"(bytes) : "memory");
}

// Waits until the phase of a parity has completed, or for some microseconds. Returns whether it has completed.
DEVICE bool awaitCompletion(unsigned mbarrier, unsigned parity) {
  unsigned done;
  asm volatile(
      "{.reg .pred p; mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 p, [%1], %2; selp.u32 %0, 1, 0, p;}"
      : "=r"(done)
      : "r"(mbarrier), "r"(parity)
      : "memory");
  return done;
}

// Returns whether the phase of a parity has completed.
DEVICE bool hasCompleted(unsigned mbarrier, unsigned parity) {
  unsigned done;
  asm volatile(
      "{.reg .pred p; mbarrier.test_wait.parity.acquire.cluster.shared::cta.b64 p, [%1], %2; selp.u32 %0, 1, 0, p;}"
      : "=r"(done)
      : "r"(mbarrier), "r"(parity)
      : "memory");
  return done;
}

// Changes the number of registers of a warpgroup's threads. All its threads must call it. The numbers are multiples of
// eight; a request waits until other warpgroups have released enough.
template <int REGISTERS>
DEVICE void requestRegisters() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(REGISTERS));
}

template <int REGISTERS>
DEVICE void releaseRegisters() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(REGISTERS));
}
