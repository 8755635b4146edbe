#pragma once

// Words of the pipeline that other blocks poll. A word of states, outputs or logits is EMPTY until it is published, so
// no flag, fence or barrier belongs to it. EMPTY is a NaN that no conversion and no sum generates: those of the GPU are
// 0x7FFF and 0x7FFFFFFF.

#include "grid_barrier.cuh"

constexpr unsigned EMPTY = ~0u;

DEVICE bool isEmpty(uint4 words) { return words.x == EMPTY | words.y == EMPTY | words.z == EMPTY | words.w == EMPTY; }

// Two neighbouring float32 numbers with a tag each, which says when they were written. The tag 0 is never written.
struct alignas(16) TaggedPair {
  u64 first, second;

  DEVICE void load(const TaggedPair* from) { loadRelaxed(first, second, &from->first); }

  // Loads again until both have the tag, or until the deadline.
  DEVICE float2 await(GridSync& grid, const TaggedPair* from, unsigned tag) {
    unsigned spins = 0;
    while (((unsigned)(first >> 32) != tag || (unsigned)(second >> 32) != tag) && !grid.expired(spins)) load(from);
    return make_float2(__uint_as_float((unsigned)first), __uint_as_float((unsigned)second));
  }

  DEVICE static void publish(TaggedPair* to, float first, float second, unsigned tag) {
    u64 high = (u64)tag << 32;
    storeRelaxed(&to->first, __float_as_uint(first) | high, __float_as_uint(second) | high);
  }
};
