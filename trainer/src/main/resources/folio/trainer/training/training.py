class Training(Module):
  __parameters__ = []
  __buffers__ = []
  def put(self: __torch__.Training, target: Tensor, host: Tensor) -> int:
    if ops.prim.is_cuda(target):
      _0 = torch.copy_(target, torch.pin_memory(host), True)
    else:
      _1 = torch.copy_(target, host)
    return 0
  def feed(self: __torch__.Training, starts: Tensor, carry_mask: Tensor, rate_and_step: Tensor, masks: List[Tensor], start_values: List[int], carry_values: List[float], rate_and_step_values: List[float], keep_probabilities: List[float]) -> int:
    cpu = torch.device("cpu")
    _0 = (self).put(starts, torch.tensor(start_values, dtype=4, device=cpu, requires_grad=False))
    _1 = (self).put(torch.view(carry_mask, [-1]), torch.tensor(carry_values, dtype=6, device=cpu, requires_grad=False))
    _2 = (self).put(rate_and_step, torch.tensor(rate_and_step_values, dtype=6, device=cpu, requires_grad=False))
    for i in range(torch.len(masks)):
      _3 = torch.div_(torch.bernoulli_(masks[i], keep_probabilities[i]), keep_probabilities[i])
    return 0
  def cut(self: __torch__.Training, text: Tensor, starts: Tensor, length: int) -> Tuple[Tensor, Tensor]:
    window = torch.arange(length + 1, dtype=4, layout=None, device=ops.prim.device(text))
    at = torch.remainder(torch.unsqueeze(starts, 0) + torch.unsqueeze(window, 1), torch.size(text, 0))
    ids = torch.take(text, at)
    return (torch.slice(ids, 0, 0, length), torch.slice(ids, 0, 1))
  def activate(self: __torch__.Training, kind: int, x: Tensor) -> Tensor:
    if kind == 1:
      return torch.relu(x)
    if kind == 2:
      return torch.tanh(x)
    return x
  def activated(self: __torch__.Training, kind: int, dy: Tensor, y: Tensor) -> Tensor:
    if kind == 1:
      return torch.threshold_backward(dy, y, 0)
    if kind == 2:
      return torch.tanh_backward(dy, y)
    return dy
  def parts(self: __torch__.Training, buffer: Tensor, hidden: int) -> List[Tensor]:
    G = 3 * hidden
    E = torch.size(buffer, 0) // G - hidden - 2
    cut = torch.split_with_sizes(buffer, [G * E, G * hidden, G, G])
    return [torch.view(cut[0], [G, E]), torch.view(cut[1], [G, hidden]), cut[2], cut[3]]
  def pack(self: __torch__.Training, weight: Tensor, rows: int) -> Tensor:
    return ops.mkldnn._reorder_linear_weight(weight, rows)
  def product(self: __torch__.Training, x: Tensor, packed: Tensor, bias: Optional[Tensor]) -> Tensor:
    return ops.mkldnn._linear_pointwise(x, packed, bias, "none", annotate(List[Optional[number]], []), "")
  def layer(self: __torch__.Training, x: Tensor, h: Tensor, buffer: Tensor) -> Tuple[Tensor, Tensor, List[Tensor]]:
    H = torch.size(h, 1)
    w = (self).parts(buffer, H)
    if ops.prim.is_cuda(x):
      y, last, _0, reserve, _1 = torch._cudnn_rnn(x, w, 4, buffer, torch.unsqueeze(h, 0), None, 3, H, 0, 1, False, 0., True, False, annotate(List[int], []), None)
      return (y, torch.squeeze(last, 0), [reserve])
    T, B, E = torch.size(x)
    gates = torch.view(torch.addmm(w[2], torch.reshape(x, [T * B, E]), torch.t(w[0])), [T, B, 3 * H])
    hidden = torch.empty([T, B, H], dtype=6, layout=None, device=ops.prim.device(x))
    ys = torch.empty([T + 1, B, H], dtype=6, layout=None, device=ops.prim.device(x))
    _2 = torch.copy_(torch.select(ys, 0, 0), h)
    packed = (self).pack(w[1], B)
    for t in range(T):
      before = torch.select(ys, 0, t)
      gh = (self).product(before, packed, w[3])
      gi = torch.select(gates, 0, t)
      rz = torch.sigmoid_(torch.add_(torch.slice(gi, 1, 0, 2 * H), torch.slice(gh, 1, 0, 2 * H)))
      hn = torch.copy_(torch.select(hidden, 0, t), torch.slice(gh, 1, 2 * H))
      n = torch.tanh_(torch.addcmul_(torch.slice(gi, 1, 2 * H), torch.slice(rz, 1, 0, H), hn))
      _3 = torch.lerp(n, before, torch.slice(rz, 1, H), out=torch.select(ys, 0, t + 1))
    return (torch.slice(ys, 0, 1), torch.select(ys, 0, T), [gates, hidden, ys])
  def layer_backward(self: __torch__.Training, x: Tensor, h: Tensor, buffer: Tensor, y: Tensor, saved: List[Tensor], dy: Tensor) -> Tuple[Tensor, Tensor]:
    H = torch.size(h, 1)
    w = (self).parts(buffer, H)
    if ops.prim.is_cuda(x):
      dx, _0, _1, dw = torch._cudnn_rnn_backward(x, w, 4, buffer, torch.unsqueeze(h, 0), None, y, dy, None, None, 3, H, 0, 1, False, 0., True, False, annotate(List[int], []), None, saved[0], [True, False, False, True])
      return (dx, torch.as_strided(dw[0], [torch.size(buffer, 0)], [1]))
    T, B, E = torch.size(x)
    gates, hidden, ys = saved
    before = torch.slice(ys, 0, 0, T)
    packed = (self).pack(torch.contiguous(torch.t(w[1])), B)
    dh = torch.zeros([B, H], dtype=6, layout=None, device=ops.prim.device(x))
    chunk_steps = 131072 // (B * H) + 1
    for chunk in range((T + chunk_steps - 1) // chunk_steps):
      end = T - chunk * chunk_steps
      begin = ops.prim.max(0, end - chunk_steps)
      g = torch.slice(gates, 0, begin, end)
      r = torch.slice(g, 2, 0, H)
      z = torch.clone(torch.slice(g, 2, H, 2 * H))
      n = torch.slice(g, 2, 2 * H)
      dn = torch.mul_(1. - n * n, 1. - z)
      dr = torch.mul_(torch.mul_(dn * torch.slice(hidden, 0, begin, end), r), 1. - r)
      dz = torch.mul_(torch.mul_(torch.slice(before, 0, begin, end) - n, z), 1. - z)
      factors = torch.view(torch.cat([dr, dz, dn * r], 2), [-1, B, 3, H])
      for i in range(end - begin):
        at = end - begin - 1 - i
        d = torch.unsqueeze(torch.select(dy, 0, begin + at) + dh, 1)
        dg = torch.select(g, 0, at)
        _2 = torch.mul(d, torch.select(factors, 0, at), out=torch.view(dg, [B, 3, H]))
        d = torch.squeeze(d, 1)
        _3 = torch.mul(d, torch.select(dn, 0, at), out=torch.select(hidden, 0, begin + at))
        dh = torch.addcmul_((self).product(dg, packed, None), d, torch.select(z, 0, at))
    gradient = torch.empty_like(buffer)
    g4 = (self).parts(gradient, H)
    rows = torch.view(gates, [T * B, 3 * H])
    _4 = torch.mm(torch.t(rows), torch.reshape(before, [T * B, H]), out=g4[1])
    _5 = torch.sum(rows, [0], out=g4[3])
    _6 = torch.copy_(torch.slice(gates, 2, 2 * H), hidden)
    _7 = torch.mm(torch.t(rows), torch.reshape(x, [T * B, E]), out=g4[0])
    _8 = torch.sum(rows, [0], out=g4[2])
    return (torch.view(torch.mm(rows, w[0]), [T, B, E]), gradient)
  def gradients(self: __torch__.Training, text: Tensor, starts: Tensor, length: int, carried: Tensor, carry_mask: Tensor, masks: List[Tensor], parameters: List[Tensor], structure: List[int], rates: List[float]) -> Tuple[Tensor, Tensor, List[Tensor]]:
    residual = structure[0] == 1
    embedding_activation = structure[1]
    head_activation = structure[2]
    projection = structure[3] == 1
    tied = structure[4] == 1
    state = torch.where(torch.gt(carry_mask, 0), carried, 0.)
    L, B, H = torch.size(state)
    ids, targets = (self).cut(text, starts, length)
    embedding = parameters[0]
    E = torch.size(embedding, 1)
    embedded = (self).activate(embedding_activation, torch.embedding(embedding, ids))
    x = embedded
    at_mask = 0
    if rates[0] > 0.:
      x = x * masks[0]
      at_mask = 1
    inputs = annotate(List[Tensor], [])
    outputs = annotate(List[Tensor], [])
    buffers = annotate(List[Tensor], [])
    saved = annotate(List[List[Tensor]], [])
    output_masks = annotate(List[Tensor], [])
    drops = annotate(List[Tensor], [])
    last = annotate(List[Tensor], [])
    for k in range(L):
      buffer = parameters[1 + k]
      if rates[2] > 0.:
        buffer = torch.clone(buffer)
        hidden = ((self).parts(buffer, H))[1]
        torch.append(drops, masks[at_mask])
        at_mask = at_mask + 1
        _0 = torch.mul_(hidden, drops[k])
      y, h, layer_saved = (self).layer(x, torch.select(state, 0, k), buffer)
      torch.append(inputs, x)
      torch.append(outputs, y)
      torch.append(buffers, buffer)
      torch.append(saved, layer_saved)
      torch.append(last, h)
      if rates[1] > 0.:
        torch.append(output_masks, masks[at_mask])
        at_mask = at_mask + 1
        y = y * output_masks[k]
      if residual and k > 0:
        x = x + y
      else:
        x = y
    top = torch.view((self).activate(head_activation, x), [length * B, H])
    read = top
    at = 1 + L
    if projection:
      read = torch.linear(top, parameters[at])
      at = at + 1
    head = embedding
    if not tied:
      head = parameters[at]
      at = at + 1
    log_probabilities = torch.log_softmax(torch.linear(read, head, parameters[at]), 1)
    target = torch.reshape(targets, [-1, 1])
    loss = torch.neg(torch.mean(torch.gather(log_probabilities, 1, target)))
    dlogits = torch.exp_(log_probabilities)
    _1 = torch.scatter_add_(dlogits, 1, target, torch.neg(torch.ones_like(target, dtype=6)))
    dlogits = torch.div_(dlogits, length * B)
    bias_gradient = torch.sum(dlogits, [0])
    head_gradient = torch.mm(torch.t(dlogits), read)
    d = torch.mm(dlogits, head)
    tail = annotate(List[Tensor], [])
    if projection:
      torch.append(tail, torch.mm(torch.t(d), top))
      d = torch.mm(d, parameters[1 + L])
    if not tied:
      torch.append(tail, head_gradient)
    torch.append(tail, bias_gradient)
    dx = torch.view((self).activated(head_activation, d, top), [length, B, H])
    layer_gradients = annotate(List[Tensor], [])
    for i in range(L):
      k = L - 1 - i
      dy = dx
      if rates[1] > 0.:
        dy = dx * output_masks[k]
      below, gradient = (self).layer_backward(inputs[k], torch.select(state, 0, k), buffers[k], outputs[k], saved[k], dy)
      if rates[2] > 0.:
        _2 = torch.mul_(((self).parts(gradient, H))[1], drops[k])
      torch.append(layer_gradients, gradient)
      if residual and k > 0:
        dx = dx + below
      else:
        dx = below
    if rates[0] > 0.:
      dx = dx * masks[0]
    dx = (self).activated(embedding_activation, dx, embedded)
    embedding_gradient = torch.embedding_dense_backward(dx, ids, torch.size(embedding, 0), -1, False)
    if tied:
      embedding_gradient = torch.add_(embedding_gradient, head_gradient)
    gradients = [embedding_gradient]
    for k in range(L):
      torch.append(gradients, layer_gradients[L - 1 - k])
    for tail_gradient in tail:
      torch.append(gradients, tail_gradient)
    return (loss, torch.stack(last), gradients)
  def clip(self: __torch__.Training, gradients: List[Tensor], largest: float) -> Tensor:
    norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients, 2)))
    if largest > 0.:
      torch._foreach_mul_(gradients, torch.clamp(largest / (norm + 1e-06), None, 1.))
    return norm
  def part(self: __torch__.Training, tensors: List[Tensor], matrices: List[int], of_matrices: bool) -> List[Tensor]:
    chosen = annotate(List[Tensor], [])
    for i in range(torch.len(tensors)):
      all = torch.numel(tensors[i])
      complete = all if of_matrices else 0
      if matrices[i] == complete:
        torch.append(chosen, tensors[i])
      elif matrices[i] > 0 and matrices[i] < all:
        if of_matrices:
          torch.append(chosen, torch.slice(tensors[i], 0, 0, matrices[i]))
        else:
          torch.append(chosen, torch.slice(tensors[i], 0, matrices[i]))
    return chosen
  def add(self: __torch__.Training, sum: Tensor, more: Tensor) -> int:
    _0 = torch.add_(sum, more)
    return 0
  def carry(self: __torch__.Training, carried: Tensor, last: Tensor) -> int:
    _0 = torch.copy_(carried, last)
    return 0
  def adamw(self: __torch__.Training, parameters: List[Tensor], gradients: List[Tensor], means: List[Tensor], squares: List[Tensor], rate_and_step: Tensor, beta1: float, beta2: float, decay: float) -> int:
    rate, count = torch.unbind(rate_and_step)
    counts = annotate(List[Tensor], [])
    for _0 in range(torch.len(parameters)):
      torch.append(counts, count)
    torch._fused_adamw_(parameters, gradients, means, squares, annotate(List[Tensor], []), counts, lr=rate, beta1=beta1, beta2=beta2, weight_decay=decay, eps=1e-08, amsgrad=False, maximize=False)
    return 0
  def average(self: __torch__.Training, averages: List[Tensor], parameters: List[Tensor], weight: float) -> int:
    torch._foreach_lerp_(averages, parameters, weight)
    return 0
