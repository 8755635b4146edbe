# Decoding with a character GRU by libtorch: single steps, prompts, and states of batches whose rows change.
#
# This is not a Python module. It is TorchScript in the form in which torch.jit.save writes a module's code.
# folio.inference.decoding.DecoderScript loads it. libtorch compiles the methods once, and no Python takes part. What
# differs from TorchScript in Python:
#   - A file has classes only. Constants outside of methods, recursion, f-strings and comments that begin with "type:"
#     do not compile; imports have no effect.
#   - All arguments and results have types. An empty list is annotate(List[...], []).
#   - A dtype is a number: 4 is int64, 6 is float32. A factory function gets dtype, layout and device.
#   - torch.slice(x, 1, a, b) is used for x[:, a:b], which would be one more call, since it also slices dimension 0.
#   - A method without a result returns 0.
#
# On a CPU, weights are packed once for oneDNN, whose products sum a row in an order that does not depend on the number
# of rows. So a row has the same bits alone and among others. On a GPU, the number of kernel launches limits a step: one
# product computes the hidden parts of all layers, and libtorch's fused cell computes the gates.
#
# Shapes: B rows, T characters, L layers, E features of a layer's input, H hidden units, P features of the head's input
# (H, or the projection's size), V characters in the vocabulary.
#
# The weights w, in the order of folio.inference.decoding.Decoder; at = 2 + 4 * k for layer k:
#   w[0]        the first layer's input product and, on a CPU, its bias, for each character [V, 3 * H]
#   w[1]        on a GPU, the hidden weights of all layers [L, 3 * H, H]; else not used
#   w[at]       input weight [3 * H, E]
#   w[at + 1]   hidden weight [3 * H, H]
#   w[at + 2]   input bias [3 * H]
#   w[at + 3]   hidden bias [3 * H]
#   w[-3]       projection [P, H], if there is one
#   w[-2]       head [V, P]
#   w[-1]       bias of the head [V]
#
# A state is a list: on a CPU an array [B, H] per layer, on a GPU one array [L, B, H]. Only feed changes one in place.


class Decoder(Module):
  __parameters__ = []
  __buffers__ = []

  # ---- Weights ----

  # Returns x weight^T + bias, with a weight that is packed or not.
  def linear(self: __torch__.Decoder, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
    if ops.prim.is_mkldnn(weight):
      return ops.mkldnn._linear_pointwise(x, weight, bias, "none", annotate(List[Optional[number]], []), "")
    return torch.linear(x, weight, bias)

  # Packs a weight for oneDNN.
  def pack(self: __torch__.Decoder, weight: Tensor) -> Tensor:
    return ops.mkldnn._reorder_linear_weight(weight, 64)

  # Stacks the hidden weights of all layers.
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
  #   plain:      x_k+1 = gru_k(x_k)
  #   residual:   the same, but x_k+1 = x_k + gru_k(x_k) for k > 0
  #
  #   gi = W_ih x + b_ih          gh = W_hh h + b_hh          each [B, 3 * H], gates in the order r, z, n
  #   r = sigmoid(gi_r + gh_r)    z = sigmoid(gi_z + gh_z)    n = tanh(gi_n + r * gh_n)
  #   h' = (1 - z) * n + z * h    which is lerp(n, h, z)

  # Returns gi or gh. On a GPU the bias is left to the fused cell.
  def product(self: __torch__.Decoder, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if x.is_cuda:
      return torch.linear(x, weight)
    return self.linear(x, weight, bias)

  # Returns h' [B, H]. On a CPU, r, z and n replace gi. The operations work on rows, never on a flattened batch, whose
  # last few elements would be computed by another formula.
  def gates(self: __torch__.Decoder, gi: Tensor, gh: Tensor, h: Tensor, bi: Tensor, bh: Tensor) -> Tensor:
    if h.is_cuda:
      y, workspace = torch._thnn_fused_gru_cell(gi, gh, h, bi, bh)
      return y
    H = torch.size(h, 1)
    rz = torch.sigmoid_(torch.add_(torch.slice(gi, 1, 0, 2 * H), torch.slice(gh, 1, 0, 2 * H)))
    n = torch.slice(gi, 1, 2 * H)
    torch.tanh_(torch.addcmul_(n, torch.slice(rz, 1, 0, H), torch.slice(gh, 1, 2 * H)))
    return torch.lerp(n, h, torch.slice(rz, 1, H))

  # Returns the logits [B, V].
  def head(self: __torch__.Decoder, w: List[Tensor], x: Tensor, relu: bool, projection: bool) -> Tensor:
    y = x
    if relu:
      y = torch.relu(y)
    if projection:
      y = self.linear(y, w[-3], None)
    return self.linear(y, w[-2], w[-1])

  # Runs one character of each row. Returns the logits [B, V] and the state after it.
  def step(self: __torch__.Decoder, w: List[Tensor], state: List[Tensor], ids: List[int], residual: bool, relu: bool,
           projection: bool) -> Tuple[Tensor, List[Tensor]]:
    if w[0].is_cuda:
      logits, after, arrays = self.captured_step(w, state, self.ids(ids, w), residual, relu, projection)
      return (logits, after)
    x = torch.embedding(w[0], self.ids(ids, w))
    next = annotate(List[Tensor], [])
    for k in range(torch.len(state)):
      at = 2 + 4 * k
      if k == 0:
        gi = x
      else:
        gi = self.linear(x, w[at], w[at + 2])
      y = self.gates(gi, self.linear(state[k], w[at + 1], w[at + 3]), state[k], w[at + 2], w[at + 3])
      torch.append(next, y)
      if residual and k > 0:
        x = x + y
      else:
        x = y
    return (self.head(w, x, relu, projection), next)

  # Runs a step on a GPU so that it can be captured in a CUDA graph: nothing comes from the host, and every array that a
  # kernel writes is returned, because the graph writes to it again at each launch.
  def captured_step(self: __torch__.Decoder, w: List[Tensor], state: List[Tensor], ids: Tensor, residual: bool,
                    relu: bool, projection: bool) -> Tuple[Tensor, List[Tensor], List[Tensor]]:
    x = torch.embedding(w[0], ids)
    hidden = torch.bmm(state[0], torch.transpose(w[1], 1, 2))  # [L, B, 3 * H], gh without biases
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
    x = torch.embedding(w[0], torch.reshape(self.ids(ids, w), [B, T]))  # [B, T, 3 * H], above it [B, T, H]
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
      y = torch.stack(outputs, 1)
      torch.append(next, torch.index(y, annotate(List[Optional[Tensor]], [rows, last])))
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

  # Returns the state of an array [B, H] per layer.
  def state(self: __torch__.Decoder, layers: List[Tensor]) -> List[Tensor]:
    if layers[0].is_cuda:
      return [torch.stack(layers)]
    return layers

  # Returns the state before the first character.
  def zeros(self: __torch__.Decoder, w: List[Tensor], layers: int, rows: int, hidden: int) -> List[Tensor]:
    state = annotate(List[Tensor], [])
    for k in range(layers):
      torch.append(state, torch.zeros([rows, hidden], dtype=6, layout=None, device=w[0].device))
    return self.state(state)

  # Returns a copy of a row's state [L, H].
  def row(self: __torch__.Decoder, w: List[Tensor], state: List[Tensor], row: int) -> Tensor:
    rows = annotate(List[Tensor], [])
    for k in range(torch.len(self.layers(state))):
      torch.append(rows, torch.select(self.layers(state)[k], 0, row))
    return torch.stack(rows)

  # Returns the state of a single row from a saved array [L, 1, H].
  def restore(self: __torch__.Decoder, w: List[Tensor], saved: Tensor) -> List[Tensor]:
    state = annotate(List[Tensor], [])
    for k in range(torch.size(saved, 0)):
      torch.append(state, torch.clone(torch.select(saved, 0, k)))
    return self.state(state)

  # Returns a state of rows of two others. Indices count the rows of the first from 0; rows of the second follow.
  def arrange(self: __torch__.Decoder, w: List[Tensor], first: List[Tensor], second: List[Tensor],
              rows: List[int]) -> List[Tensor]:
    indices = self.ids(rows, w)
    state = annotate(List[Tensor], [])
    for k in range(torch.len(first)):
      torch.append(state, torch.index_select(torch.cat([first[k], second[k]], -2), -2, indices))
    return state
