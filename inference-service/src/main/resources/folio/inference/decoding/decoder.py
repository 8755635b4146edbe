class Decoder(Module):
  __parameters__ = []
  __buffers__ = []
  def linear(self: __torch__.Decoder, x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
    if ops.prim.is_mkldnn(weight):
      return ops.mkldnn._linear_pointwise(x, weight, bias, "none", annotate(List[Optional[number]], []), "")
    return torch.linear(x, weight, bias)
  def pack(self: __torch__.Decoder, weight: Tensor) -> Tensor:
    return ops.mkldnn._reorder_linear_weight(weight, 64)
  def stack(self: __torch__.Decoder, weights: List[Tensor]) -> Tensor:
    return torch.stack(weights)
  def ids(self: __torch__.Decoder, values: List[int], w: List[Tensor]) -> Tensor:
    host = torch.tensor(values, dtype=4, device=torch.device("cpu"), requires_grad=False)
    if ops.prim.is_cuda(w[0]):
      return torch.to(torch.pin_memory(host), ops.prim.device(w[0]), 4, True)
    return host
  def layers(self: __torch__.Decoder, state: List[Tensor]) -> List[Tensor]:
    if ops.prim.is_cuda(state[0]):
      return torch.unbind(state[0])
    return state
  def state(self: __torch__.Decoder, layers: List[Tensor]) -> List[Tensor]:
    if ops.prim.is_cuda(layers[0]):
      return [torch.stack(layers)]
    return layers
  def product(self: __torch__.Decoder, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if ops.prim.is_cuda(x):
      return torch.linear(x, weight)
    return (self).linear(x, weight, bias)
  def gates(self: __torch__.Decoder, gi: Tensor, gh: Tensor, h: Tensor, bi: Tensor, bh: Tensor) -> Tensor:
    if ops.prim.is_cuda(h):
      y, _0 = torch._thnn_fused_gru_cell(gi, gh, h, bi, bh)
      return y
    H = torch.size(h, 1)
    rz = torch.sigmoid_(torch.add_(torch.slice(gi, 1, 0, 2 * H), torch.slice(gh, 1, 0, 2 * H)))
    n = torch.slice(gi, 1, 2 * H)
    torch.tanh_(torch.addcmul_(n, torch.slice(rz, 1, 0, H), torch.slice(gh, 1, 2 * H)))
    return torch.lerp(n, h, torch.slice(rz, 1, H))
  def head(self: __torch__.Decoder, w: List[Tensor], x: Tensor, relu: bool, projection: bool) -> Tensor:
    y = x
    if relu:
      y = torch.relu(y)
    if projection:
      y = (self).linear(y, w[-3], None)
    return (self).linear(y, w[-2], w[-1])
  def step(self: __torch__.Decoder, w: List[Tensor], state: List[Tensor], ids: List[int], residual: bool, relu: bool, projection: bool) -> Tuple[Tensor, List[Tensor]]:
    if ops.prim.is_cuda(w[0]):
      logits, after, _0 = (self).captured_step(w, state, (self).ids(ids, w), residual, relu, projection)
      return (logits, after)
    x = torch.embedding(w[0], (self).ids(ids, w))
    next = annotate(List[Tensor], [])
    for k in range(torch.len(state)):
      at = 2 + 4 * k
      if k == 0:
        gi = x
      else:
        gi = (self).linear(x, w[at], w[at + 2])
      y = (self).gates(gi, (self).linear(state[k], w[at + 1], w[at + 3]), state[k], w[at + 2], w[at + 3])
      torch.append(next, y)
      if residual and k > 0:
        x = x + y
      else:
        x = y
    return ((self).head(w, x, relu, projection), next)
  def captured_step(self: __torch__.Decoder, w: List[Tensor], state: List[Tensor], ids: Tensor, residual: bool, relu: bool, projection: bool) -> Tuple[Tensor, List[Tensor], List[Tensor]]:
    x = torch.embedding(w[0], ids)
    hidden = torch.bmm(state[0], torch.transpose(w[1], 1, 2))
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
      y, gates = torch._thnn_fused_gru_cell(gi, ghs[k], hs[k], w[at + 2], w[at + 3])
      torch.append(next, y)
      if residual and k > 0:
        x = x + y
      else:
        x = y
      torch.append(arrays, gi)
      torch.append(arrays, gates)
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
  def blank_ids(self: __torch__.Decoder, w: List[Tensor], rows: int) -> Tensor:
    return torch.zeros([rows], dtype=4, layout=None, device=ops.prim.device(w[0]))
  def feed(self: __torch__.Decoder, ids: Tensor, state: List[Tensor], values: List[int], before: List[Tensor]) -> int:
    host = torch.tensor(values, dtype=4, device=torch.device("cpu"), requires_grad=False)
    torch.copy_(ids, torch.pin_memory(host), True)
    torch.copy_(state[0], before[0])
    return 0
  def fetch(self: __torch__.Decoder, logits: Tensor, state: List[Tensor]) -> Tuple[Tensor, List[Tensor]]:
    return (torch.clone(logits), [torch.clone(state[0])])
  def prefill(self: __torch__.Decoder, w: List[Tensor], state: List[Tensor], ids: List[int], lengths: List[int], every: bool, residual: bool, relu: bool, projection: bool) -> Tuple[Tensor, List[Tensor]]:
    M = torch.len(lengths)
    T = torch.len(ids) // M
    last = (self).ids(lengths, w) - 1
    rows = torch.arange(M, dtype=None, layout=None, device=ops.prim.device(last))
    x = torch.embedding(w[0], torch.reshape((self).ids(ids, w), [M, T]))
    hs = (self).layers(state)
    next = annotate(List[Tensor], [])
    for k in range(torch.len(hs)):
      at = 2 + 4 * k
      h = hs[k]
      if k == 0:
        gi = x
      else:
        gi = torch.reshape((self).product(torch.reshape(x, [M * T, -1]), w[at], w[at + 2]), [M, T, -1])
      outputs = annotate(List[Tensor], [])
      for t in range(T):
        gh = (self).product(h, w[at + 1], w[at + 3])
        h = (self).gates(torch.select(gi, 1, t), gh, h, w[at + 2], w[at + 3])
        torch.append(outputs, h)
      y = torch.stack(outputs, 1)
      torch.append(next, torch.index(y, annotate(List[Optional[Tensor]], [rows, last])))
      if residual and k > 0:
        x = x + y
      else:
        x = y
    if every:
      x = torch.reshape(x, [M * T, -1])
    else:
      x = torch.index(x, annotate(List[Optional[Tensor]], [rows, last]))
    return ((self).head(w, x, relu, projection), (self).state(next))
  def zeros(self: __torch__.Decoder, w: List[Tensor], layers: int, rows: int, hidden: int) -> List[Tensor]:
    state = annotate(List[Tensor], [])
    for k in range(layers):
      torch.append(state, torch.zeros([rows, hidden], dtype=6, layout=None, device=ops.prim.device(w[0])))
    return (self).state(state)
  def row(self: __torch__.Decoder, w: List[Tensor], state: List[Tensor], row: int) -> Tensor:
    rows = annotate(List[Tensor], [])
    for k in range(torch.len((self).layers(state))):
      torch.append(rows, torch.select((self).layers(state)[k], 0, row))
    return torch.stack(rows)
  def restore(self: __torch__.Decoder, w: List[Tensor], saved: Tensor) -> List[Tensor]:
    state = annotate(List[Tensor], [])
    for k in range(torch.size(saved, 0)):
      torch.append(state, torch.clone(torch.select(saved, 0, k)))
    return (self).state(state)
  def arrange(self: __torch__.Decoder, w: List[Tensor], first: List[Tensor], second: List[Tensor], rows: List[int]) -> List[Tensor]:
    indices = (self).ids(rows, w)
    state = annotate(List[Tensor], [])
    for k in range(torch.len(first)):
      torch.append(state, torch.index_select(torch.cat([first[k], second[k]], -2), -2, indices))
    return state
