// The recurrence of a GRU layer over all characters of a batch: one launch forward, and one backward.
//
//   gi = W_ih x + b_ih          gh = W_hh h + b_hh          gates in the order r, z, n
//   r = sigmoid(gi_r + gh_r)    z = sigmoid(gi_z + gh_z)    n = tanh(gi_n + r * gh_n)
//   h' = (1 - z) * n + z * h
//
// Only W_hh h depends on the character before. The host computes W_ih x of all characters before the launch, and the
// gradients of the weights after it, as large products. What remains is a small product per character, whose time goes
// to launches, to reading W_hh, and to waiting for the last state. Here, a cluster of blocks holds W_hh in registers for
// the whole launch, and its blocks exchange their results through distributed shared memory. A cluster computes some
// rows of the batch, which need nothing of other rows. So clusters never wait for each other and need not run at once.
//
// Products take 16-bit operands and add in float32. A unit's own state, and its gradient, is float32 and stays with the
// thread that owns it; other blocks see it in 16 bits.
//
//   layout.cuh     shapes, the distribution over blocks, the struct of the host
//   inbox.cuh      messages between the blocks of a cluster
//   forward.cuh    the product of the forward pass
//   backward.cuh   the product of the backward pass
//
// ptx.cuh and mma.cuh belong to folio.model.kernel: thin wrappers of PTX instructions, and products on tensor cores.
//
// A launch has CLUSTER blocks of 256 threads for every ROWS rows of the batch. See layout.cuh for the compile-time
// definitions, and folio.trainer.recurrence.LayerLayout for their counterpart on the host.

#include "backward.cuh"
#include "forward.cuh"
#include "layout.cuh"

#define CLUSTERED __cluster_dims__(CLUSTER, 1, 1)

DEVICE float sigmoid(float x) { return __fdividef(1.f, 1.f + __expf(-x)); }
DEVICE float hyperbolicTangent(float x) { return 2.f * sigmoid(2.f * x) - 1.f; }

extern "C" __global__ void __launch_bounds__(THREADS, 1) CLUSTERED forward(const __grid_constant__ Pass pass) {
  extern __shared__ __align__(128) unsigned char memory[];
  ForwardProduct hidden(memory, pass.weights);

  float h[CELLS], biases[CELLS][4];               // the biases of r and z (input and hidden), of gi_n, and of gh_n
#pragma unroll
  for (int i = 0; i < CELLS; i++) {
    Cell cell(pass, i);
    const float *ofInput = pass.biases + cell.column, *ofHidden = ofInput + 3 * HIDDEN;
    biases[i][0] = ofInput[0] + ofHidden[0];
    biases[i][1] = ofInput[HIDDEN] + ofHidden[HIDDEN];
    biases[i][2] = ofInput[2 * HIDDEN];
    biases[i][3] = ofHidden[2 * HIDDEN];
    float initial = cell.exists ? pass.initial[cell.batchRow * HIDDEN + cell.column] : 0.f;
    if (cell.exists) pass.states[cell.at(pass, 0)] = toHalf(initial);
    h[i] = initial * cell.continues(pass, 0);
    hidden.put(cell, toHalf(h[i]));
  }
  hidden.send();

  half_t next[CELLS][3];                          // W_ih x, read a character ahead to hide the latency of memory
  auto readAhead = [&](int t) {
#pragma unroll
    for (int i = 0; i < CELLS; i++) {
      Cell cell(pass, i);
#pragma unroll
      for (int gate = 0; gate < 3; gate++) {
        next[i][gate] = cell.exists && t < pass.steps ? pass.gates[cell.gatesAt(pass, t) + gate * HIDDEN] : 0;
      }
    }
  };
  readAhead(0);
  for (int t = 0; t < pass.steps; t++) {
    half_t input[CELLS][3], saved[CELLS][5];      // r, z, n, gh_n, and the state
#pragma unroll
    for (int i = 0; i < CELLS; i++) {
#pragma unroll
      for (int gate = 0; gate < 3; gate++) input[i][gate] = next[i][gate];
    }
    readAhead(t + 1);
    hidden.multiply();
    bool ends = t + 1 == pass.steps;
#pragma unroll
    for (int i = 0; i < CELLS; i++) {
      Cell cell(pass, i);
      float ghn = hidden.product(2, cell) + biases[i][3];
      float r = sigmoid(toFloat(input[i][0]) + hidden.product(0, cell) + biases[i][0]);
      float z = sigmoid(toFloat(input[i][1]) + hidden.product(1, cell) + biases[i][1]);
      float n = hyperbolicTangent(toFloat(input[i][2]) + biases[i][2] + r * ghn);
      float y = n + z * (h[i] - n);
      saved[i][0] = toHalf(r), saved[i][1] = toHalf(z), saved[i][2] = toHalf(n), saved[i][3] = toHalf(ghn);
      saved[i][4] = toHalf(y);
      h[i] = ends ? y : y * cell.continues(pass, t + 1);
      hidden.put(cell, toHalf(h[i]));
    }
    if (!ends) hidden.send();
#pragma unroll
    for (int i = 0; i < CELLS; i++) {             // The other blocks do not wait for these stores.
      Cell cell(pass, i);
      if (!cell.exists) continue;
#pragma unroll
      for (int gate = 0; gate < 3; gate++) pass.gates[cell.gatesAt(pass, t) + gate * HIDDEN] = saved[i][gate];
      pass.hiddenN[cell.at(pass, t)] = saved[i][3];
      pass.states[cell.at(pass, t + 1)] = saved[i][4];
      if (ends) pass.last[cell.batchRow * HIDDEN + cell.column] = h[i];
    }
  }
  hidden.inbox.close();
}

// h is the state before a character and h' the state after it. d = dL/dh' is dy of this character plus dL/dh of the
// character after it, unless the state is reset there.
//
//   da_n = d * (1 - z) * (1 - n^2)         gradient of the argument of tanh
//   da_r = da_n * gh_n * r * (1 - r)       of the argument of r's sigmoid
//   da_z = d * (h - n) * z * (1 - z)       of the argument of z's sigmoid
//   dL/dh = [da_r, da_z, da_n * r] W_hh + d * z
extern "C" __global__ void __launch_bounds__(THREADS, 1) CLUSTERED backward(const __grid_constant__ Pass pass) {
  extern __shared__ __align__(128) unsigned char memory[];
  BackwardProduct hidden(memory, pass.weights);

  float dh[CELLS] = {};
  half_t saved[CELLS][6];                         // r, z, n, gh_n, h, and dy
  auto read = [&](int t) {
#pragma unroll
    for (int i = 0; i < CELLS; i++) {
      Cell cell(pass, i);
#pragma unroll
      for (int gate = 0; gate < 3; gate++) {
        saved[i][gate] = cell.exists ? pass.gates[cell.gatesAt(pass, t) + gate * HIDDEN] : 0;
      }
      saved[i][3] = cell.exists ? pass.hiddenN[cell.at(pass, t)] : 0;
      saved[i][4] = cell.exists ? pass.states[cell.at(pass, t)] : 0;
      saved[i][5] = cell.exists ? pass.dy[cell.at(pass, t)] : 0;
    }
  };
  read(pass.steps - 1);
  for (int t = pass.steps - 1; t >= 0; t--) {
    half_t gradients[CELLS][4];                   // da_r, da_z, da_n, da_n * r
#pragma unroll
    for (int i = 0; i < CELLS; i++) {
      Cell cell(pass, i);
      float r = toFloat(saved[i][0]), z = toFloat(saved[i][1]), n = toFloat(saved[i][2]), ghn = toFloat(saved[i][3]);
      float h = toFloat(saved[i][4]) * cell.continues(pass, t), d = toFloat(saved[i][5]) + dh[i];
      float dan = d * (1.f - z) * (1.f - n * n);
      gradients[i][0] = toHalf(dan * ghn * r * (1.f - r));
      gradients[i][1] = toHalf(d * (h - n) * z * (1.f - z));
      gradients[i][2] = toHalf(dan);
      gradients[i][3] = toHalf(dan * r);
      dh[i] = d * z;
      hidden.put(0, cell, gradients[i][0]);
      hidden.put(1, cell, gradients[i][1]);
      hidden.put(2, cell, gradients[i][3]);
    }
    if (t > 0) hidden.multiplyAndSend();
#pragma unroll
    for (int i = 0; i < CELLS; i++) {             // The other blocks do not wait for these stores.
      Cell cell(pass, i);
      if (!cell.exists) continue;
#pragma unroll
      for (int gate = 0; gate < 3; gate++) pass.gates[cell.gatesAt(pass, t) + gate * HIDDEN] = gradients[i][gate];
      pass.hiddenN[cell.at(pass, t)] = gradients[i][3];
    }
    if (t == 0) break;
    read(t - 1);                                  // These loads are in flight during the wait.
    hidden.receive();
#pragma unroll
    for (int i = 0; i < CELLS; i++) {
      Cell cell(pass, i);
      dh[i] = (dh[i] + hidden.product(cell)) * cell.continues(pass, t);
    }
  }
  hidden.inbox.close();
}
