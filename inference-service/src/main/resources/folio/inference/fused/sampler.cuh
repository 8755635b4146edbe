#pragma once

// Sampling of one id by one warp.

#include "launch.cuh"

DEVICE u64 mix(u64 z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

// Mirrors folio.model.sampling.SeededRandom.
DEVICE double uniform(long long seed, int position) {
  const u64 gamma = 0x9E3779B97F4A7C15ULL;
  return (double)(mix(mix((u64)seed + gamma) + (u64)position * gamma) >> 11) * 0x1.0p-53;
}

// Returns the same sum in every lane, to the last bit.
template <typename T>
DEVICE T warpSum(T value) {
  for (int step = 16; step > 0; step >>= 1) value += __shfl_xor_sync(~0u, value, step);
  return value;
}

// Returns the sum over the lanes up to and including this one.
template <typename T>
DEVICE T warpPrefixSum(T value) {
  for (int step = 1; step < 32; step <<= 1) {
    T other = __shfl_up_sync(~0u, value, step);
    if ((threadIdx.x & 31) >= step) value += other;
  }
  return value;
}

// Weights lie between 0 and 1, so their bit patterns sort as they do. The precision of a float suffices to rank them.
DEVICE unsigned rankOf(double weight) { return __float_as_uint((float)weight); }

// Applies top-k and top-p: keeps the largest weights and sets the others to 0. It keeps at most maxCount of them, and
// no more than needed for their sum to reach targetSum; of equal weights, it keeps those of lower ids. One warp runs
// it; a lane owns the ids from "from" to "to" - 1. It does not sort: it finds the rank of the smallest weight that is
// kept bit by bit, and stops when a single weight lies between the bounds. It is not inlined, because its caller needs
// all registers where nothing is ranked.
__device__ __noinline__ void keepLargest(double* weights, int from, int to, int maxCount, double targetSum) {
  unsigned low = 0, high = 1u << 30;               // weights of rank low and above suffice, of rank high and above do
                                                   // not; 1 is below high
  int countAtLow = VOCABULARY, countAtHigh = 0;    // the numbers of weights that reach each bound
  double sumAtHigh = 0;                            // the sum of the weights of rank high and above
  for (unsigned bit = high >> 1; bit > 0 && countAtLow - countAtHigh > 1; bit >>= 1) {
    int number = 0;
    double reached = 0;
    for (int id = from; id < to; id++) {
      if (rankOf(weights[id]) < (low | bit)) continue;
      number++;
      reached += weights[id];
    }
    number = warpSum(number);
    reached = warpSum(reached);
    if (number >= maxCount || reached >= targetSum) low |= bit, countAtLow = number;
    else high = low | bit, countAtHigh = number, sumAtHigh = reached;
  }
  int before = countAtHigh;
  double reached = sumAtHigh;
  if (countAtLow - countAtHigh > 1) {              // Several weights are equal: add up those of lower ids, which other
                                                   // lanes own.
    int number = 0;
    double own = 0;
    for (int id = from; id < to; id++) if (rankOf(weights[id]) == low) number++, own += weights[id];
    before += warpPrefixSum(number) - number;
    reached += warpPrefixSum(own) - own;
  }
  for (int id = from; id < to; id++) {
    unsigned rank = rankOf(weights[id]);
    if (rank >= high) continue;
    if (rank < low || before >= maxCount || (before > 0 && reached >= targetSum)) weights[id] = 0;
    else before++, reached += weights[id];
  }
}

// Mirrors folio.model.sampling.Sampler, in one warp. Lane i owns the ids from i * IDS_PER_LANE on. The number is odd,
// so that lanes read different banks of shared memory. "logit" returns the logit of an id; each id is asked for once.
#define IDS_PER_LANE ((VOCABULARY + 31) / 32 | 1)
template <typename Logit>
__device__ int sample(const Stream& stream, int position, Logit logit, double* weights, const unsigned* seen) {
  int from = (threadIdx.x & 31) * IDS_PER_LANE, to = min(from + IDS_PER_LANE, VOCABULARY);
  double best = -1.0 / 0.0;
  int bestId = VOCABULARY;
  for (int id = from; id < to; id++) {
    double weight = logit(id);
    if (stream.repetitionPenalty != 1 && (seen[id >> 5] >> (id & 31) & 1)) {
      weight = weight > 0 ? weight / stream.repetitionPenalty : weight * stream.repetitionPenalty;
    }
    weights[id] = weight;
    if (weight > best) {
      best = weight;
      bestId = id;
    }
  }
  for (int step = 16; step > 0; step >>= 1) {
    double otherBest = __shfl_xor_sync(~0u, best, step);
    int otherId = __shfl_xor_sync(~0u, bestId, step);
    if (otherBest > best || (otherBest == best && otherId < bestId)) {
      best = otherBest;
      bestId = otherId;
    }
  }
  if (bestId >= VOCABULARY) bestId = 0;            // No logit is a number.
  if (stream.temperature == 0) return bestId;
  double own = 0, inverse = 1 / stream.temperature;
  for (int id = from; id < to; id++) {
    // A penalty may make logits infinite, and a NaN must not be ranked.
    double weight = exp((weights[id] - best) * inverse);
    if (weights[id] == best) weight = 1;
    if (!(weight >= stream.minP)) weight = 0;
    weights[id] = weight;
    own += weight;
  }
  if ((stream.topK > 0 && stream.topK < VOCABULARY) || stream.topP < 1) {
    keepLargest(weights, from, to, stream.topK == 0 ? VOCABULARY : stream.topK, stream.topP * warpSum(own));
    own = 0;
    for (int id = from; id < to; id++) own += weights[id];
  }
  double before = warpPrefixSum(own);
  double total = __shfl_sync(~0u, before, 31);
  before -= own;
  double drawn = uniform(stream.seed, position) * total;
  int found = VOCABULARY;
  for (int id = from; id < to && found == VOCABULARY; id++) {
    before += weights[id];
    if (drawn < before) found = id;
  }
  unsigned foundBy = __ballot_sync(~0u, found < VOCABULARY);
  return foundBy == 0 ? bestId : __shfl_sync(~0u, found, __ffs(foundBy) - 1);
}
