#pragma once

#include "ptx.cuh"

// Returns a unit's next state from the sums of its gates, input and hidden.
//
//   r = sigmoid(ir + hr)    z = sigmoid(iz + hz)    n = tanh(in + r * hn)    h' = (1 - z) * n + z * h
DEVICE float gru(float h, float ir, float iz, float in, float hr, float hz, float hn) {
  float r = __fdividef(1, 1 + __expf(-(ir + hr)));
  float z = __fdividef(1, 1 + __expf(-(iz + hz)));
  float n = __fdividef(2, 1 + __expf(-2 * (in + r * hn))) - 1;
  return n + z * (h - n);
}
