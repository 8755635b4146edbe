# Decoding with a character GRU by libtorch: single steps, prompts, and states of batches whose rows change.
#
# This is TorchScript, not a Python module; folio.runtime.torchscript.TorchScript describes the dialect.
# folio.inference.decoding.DecoderScript loads it.
#
# On a CPU, pack packs the matrices of the layers, the projection and the head once, when a decoder is created. Products
# with them are __torch__.products, which folio.runtime.torchscript.TorchScript selects. They sum a row in an order that
# does not depend on the number of rows. So a row has the same bits alone and among others. On a GPU, nothing is packed,
# and the number of kernel launches limits a step: one product computes gh of all layers, and libtorch's fused cell
# computes the gates.
#
# Shapes: B rows, T characters, L layers, E features of a layer's input, H hidden units, P features of the head's input
# (H, or the projection's size), V characters in the vocabulary.
#
# The weights w, in the order of folio.inference.decoding.Decoder; at = 2 + 4 * k for layer k:
#   w[0]        gi of layer 0 for each character [V, 3 * H]: its W_ih activate(embedding), plus b_ih on a CPU
#   w[1]        on a GPU, W_hh of all layers [L, 3 * H, H]; on a CPU, not used
#   w[at]       W_ih [3 * H, E], packed on a CPU
#   w[at + 1]   W_hh [3 * H, H], packed on a CPU
#   w[at + 2]   b_ih [3 * H]
#   w[at + 3]   b_hh [3 * H]
#   w[-3]       projection [P, H], if there is one, packed on a CPU
#   w[-2]       head [V, P], packed on a CPU
#   w[-1]       bias of the head [V]
#
# A state is a list: on a CPU an array [B, H] per layer, on a GPU one array [L, B, H]. No method changes a state in
# place except feed, which writes into the state that a captured step reads.


class Decoder(Module):
  __parameters__ = []
  __buffers__ = []

  # ---- Weights ----

  # Packs a weight for products with 64 rows and, a little slower, with any other number.
  def pack(self: __torch__.Decoder, weight: Tensor) -> Tensor:
    return __torch__.products.pack(weight, 64)

  # Stacks the W_hh of all layers: [L, 3 * H, H].
  def stack(self: __torch__.Decoder, weights: List[Tensor]) -> Tensor:
    return torch.stack(weights)

  # Copies integers to the device, int64, without waiting for it.
  def ids(self: __torch__.Decoder, values: List[int], w: List[Tensor]) -> Tensor:
    host = torch.tensor(values, dtype=4, device=torch.device("cpu"), requires_grad=False)
    if w[0].is_cuda:
      return torch.to(torch.pin_memory(host), w[0].device, 4, True)
    return host

  # ---- The network ----
  #
  #   plain:      x[0] = activate(embedding[ids])    x[k+1] = gru_k(x[k])
  #   residual:   the same, but x[k+1] = x[k] + gru_k(x[k]) for k > 0
  #
  #   gi = W_ih x + b_ih          gh = W_hh h + b_hh          each [B, 3 * H], gates in the order r, z, n
  #   r = sigmoid(gi_r + gh_r)    z = sigmoid(gi_z + gh_z)    n = tanh(gi_n + r * gh_n)
  #   h' = (1 - z) * n + z * h    which is lerp(n, h, z)

  # Returns gi or gh; on a GPU without the bias, which the fused cell adds.
  def product(self: __torch__.Decoder, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if x.is_cuda:
      return torch.linear(x, weight)
    return __torch__.products.linear(x, weight, bias)

  # Returns h' [B, H]. On a CPU, r, z and n overwrite gi, and every operation has an operand that is a slice of wider
  # rows, so that libtorch runs it row by row. It would run a contiguous batch as one long vector, whose last elements,
  # too few to fill a SIMD register, are computed by another formula. The bits of a row would then depend on its place
  # in the batch.
  def gates(self: __torch__.Decoder, gi: Tensor, gh: Tensor, h: Tensor, bi: Tensor, bh: Tensor) -> Tensor:
    if h.is_cuda:
      y, workspace = torch._thnn_fused_gru_cell(gi, gh, h, bi, bh)
      return y
    H = torch.size(h, 1)
    rz = torch.sigmoid_(torch.add_(torch.slice(gi, 1, 0, 2 * H), torch.slice(gh, 1, 0, 2 * H)))
    n = torch.slice(gi, 1, 2 * H)
    torch.tanh_(torch.addcmul_(n, torch.slice(rz, 1, 0, H), torch.slice(gh, 1, 2 * H)))
    return torch.lerp(n, h, torch.slice(rz, 1, H))

  # Returns the logits [B, V] of x[L] [B, H]. The head's activation is ReLU or none.
  def head(self: __torch__.Decoder, w: List[Tensor], x: Tensor, relu: bool, projection: bool) -> Tensor:
    y = x
    if relu:
      y = torch.relu(y)
    if projection:
      y = __torch__.products.linear(y, w[-3], None)
    return __torch__.products.linear(y, w[-2], w[-1])

  # Runs one character of each row. Returns the logits [B, V] and the state after it.
  def step(self: __torch__.Decoder, w: List[Tensor], state: List[Tensor], ids: List[int], residual: bool, relu: bool,
           projection: bool) -> Tuple[Tensor, List[Tensor]]:
    if w[0].is_cuda:
      logits, after, arrays = self.captured_step(w, state, self.ids(ids, w), residual, relu, projection)
      return (logits, after)
    x = torch.embedding(w[0], self.ids(ids, w))  # gi of layer 0
    next = annotate(List[Tensor], [])
    for k in range(torch.len(state)):
      at = 2 + 4 * k
      if k == 0:
        gi = x
      else:
        gi = __torch__.products.linear(x, w[at], w[at + 2])
      y = self.gates(gi, __torch__.products.linear(state[k], w[at + 1], w[at + 3]), state[k], w[at + 2], w[at + 3])
      torch.append(next, y)
      if residual and k > 0:
        x = x + y
      else:
        x = y
    return (self.head(w, x, relu, projection), next)

  # Runs a step on a GPU so that it can be captured in a CUDA graph: nothing comes from the host. Returns logits, state
  # and every other array that a kernel writes. The graph writes to their addresses at each launch, so the caller keeps
  # all of them as long as the graph; else libtorch would use their memory for other arrays.
  def captured_step(self: __torch__.Decoder, w: List[Tensor], state: List[Tensor], ids: Tensor, residual: bool,
                    relu: bool, projection: bool) -> Tuple[Tensor, List[Tensor], List[Tensor]]:
    x = torch.embedding(w[0], ids)  # gi of layer 0, without bias
    hidden = torch.bmm(state[0], torch.transpose(w[1], 1, 2))  # [L, B, 3 * H], gh of all layers, without biases
    hs = torch.unbind(state[0])
    ghs = torch.unbind(hidden)
    arrays = [x, hidden]
    next = annotate(List[Tensor], [])
    for k in range(torch.len(hs)):
      at = 2 + 4 * k
      if k == 0:
        gi = x
      else:
        gi = torch.linear(x, w[at])
      y, workspace = torch._thnn_fused_gru_cell(gi, ghs[k], hs[k], w[at + 2], w[at + 3])
      torch.append(next, y)
      if residual and k > 0:
        x = x + y
      else:
        x = y
      torch.append(arrays, gi)
      torch.append(arrays, workspace)
      torch.append(arrays, y)
      torch.append(arrays, x)
    if relu:
      x = torch.relu(x)
      torch.append(arrays, x)
    if projection:
      x = torch.linear(x, w[-3])
      torch.append(arrays, x)
    product = torch.linear(x, w[-2])
    torch.append(arrays, product)
    return (torch.add(product, w[-1]), [torch.stack(next)], arrays)

  # ---- Inputs and outputs of a captured step ----

  # Returns ids [B] for a captured step, all zero.
  def blank_ids(self: __torch__.Decoder, w: List[Tensor], rows: int) -> Tensor:
    return torch.zeros([rows], dtype=4, layout=None, device=w[0].device)

  # Writes the inputs of a captured step: its ids, and its state, a copy of another one.
  def feed(self: __torch__.Decoder, ids: Tensor, state: List[Tensor], values: List[int], before: List[Tensor]) -> int:
    host = torch.tensor(values, dtype=4, device=torch.device("cpu"), requires_grad=False)
    torch.copy_(ids, torch.pin_memory(host), True)
    torch.copy_(state[0], before[0])
    return 0

  # Copies the results of a captured step, which its next launch overwrites.
  def fetch(self: __torch__.Decoder, logits: Tensor, state: List[Tensor]) -> Tuple[Tensor, List[Tensor]]:
    return (torch.clone(logits), [torch.clone(state[0])])

  # ---- Prompts ----

  # Runs up to T characters of each row. ids are [B, T], flattened; ids past a row's length do not change its result.
  # Returns the logits and the state after each row's last character. The logits are [B, V]; if every position is asked
  # for, they are those after each of the T characters [B * T, V].
  def prefill(self: __torch__.Decoder, w: List[Tensor], state: List[Tensor], ids: List[int], lengths: List[int],
              every: bool, residual: bool, relu: bool, projection: bool) -> Tuple[Tensor, List[Tensor]]:
    B = torch.len(lengths)
    T = torch.len(ids) // B
    last = self.ids(lengths, w) - 1
    rows = torch.arange(B, dtype=None, layout=None, device=last.device)
    x = torch.embedding(w[0], torch.reshape(self.ids(ids, w), [B, T]))  # gi of layer 0 [B, T, 3 * H]
    hs = self.layers(state)
    next = annotate(List[Tensor], [])
    for k in range(torch.len(hs)):
      at = 2 + 4 * k
      h = hs[k]
      if k == 0:
        gi = x
      else:
        gi = torch.reshape(self.product(torch.reshape(x, [B * T, -1]), w[at], w[at + 2]), [B, T, -1])
      outputs = annotate(List[Tensor], [])
      for t in range(T):
        gh = self.product(h, w[at + 1], w[at + 3])
        h = self.gates(torch.select(gi, 1, t), gh, h, w[at + 2], w[at + 3])
        torch.append(outputs, h)
      y = torch.stack(outputs, 1)  # [B, T, H], as is x after this layer
      torch.append(next, torch.index(y, annotate(List[Optional[Tensor]], [rows, last])))  # y[rows, last], [B, H]
      if residual and k > 0:
        x = x + y
      else:
        x = y
    if every:
      x = torch.reshape(x, [B * T, -1])
    else:
      x = torch.index(x, annotate(List[Optional[Tensor]], [rows, last]))
    return (self.head(w, x, relu, projection), self.state(next))

  # ---- States ----

  # Returns a state as an array [B, H] per layer.
  def layers(self: __torch__.Decoder, state: List[Tensor]) -> List[Tensor]:
    if state[0].is_cuda:
      return torch.unbind(state[0])
    return state

  # Returns the state that has these arrays [B, H], one per layer.
  def state(self: __torch__.Decoder, layers: List[Tensor]) -> List[Tensor]:
    if layers[0].is_cuda:
      return [torch.stack(layers)]
    return layers

  # Returns the state of B = rows rows before the first character.
  def zeros(self: __torch__.Decoder, w: List[Tensor], layers: int, rows: int, hidden: int) -> List[Tensor]:
    state = annotate(List[Tensor], [])
    for k in range(layers):
      torch.append(state, torch.zeros([rows, hidden], dtype=6, layout=None, device=w[0].device))
    return self.state(state)

  # Returns a copy [L, H] of one row of a state of B rows. row is its index, from 0.
  def row(self: __torch__.Decoder, w: List[Tensor], state: List[Tensor], row: int) -> Tensor:
    rows = annotate(List[Tensor], [])
    for k in range(torch.len(self.layers(state))):
      torch.append(rows, torch.select(self.layers(state)[k], 0, row))
    return torch.stack(rows)

  # Returns the state of B = 1 rows that an array [L, 1, H] holds.
  def restore(self: __torch__.Decoder, w: List[Tensor], saved: Tensor) -> List[Tensor]:
    state = annotate(List[Tensor], [])
    for k in range(torch.size(saved, 0)):
      torch.append(state, torch.clone(torch.select(saved, 0, k)))
    return self.state(state)

  # Returns a state whose rows are copies of rows of two others. Indices count the rows of the first from 0; rows of
  # the second follow. Rows are dimension -2 both on a CPU, in [B, H], and on a GPU, in [L, B, H].
  def arrange(self: __torch__.Decoder, w: List[Tensor], first: List[Tensor], second: List[Tensor],
              rows: List[int]) -> List[Tensor]:
    indices = self.ids(rows, w)
    state = annotate(List[Tensor], [])
    for k in range(torch.len(first)):
      torch.append(state, torch.index_select(torch.cat([first[k], second[k]], -2), -2, indices))
    return state
