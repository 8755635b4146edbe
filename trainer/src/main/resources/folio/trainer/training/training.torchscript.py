# Forward pass, loss, backward pass and optimizer of a character GRU.
#
# This is TorchScript, not a Python module; folio.runtime.torchscript.TorchScript describes the dialect.
# folio.trainer.training.TrainingScript loads it.
#
# folio.trainer.training.TrainStep runs a step with these calls:
#   feed            writes the inputs of the step to the device
#   gradients       computes the loss and the gradients
#   add             adds the loss to a sum; with a gradient clipper, clip and a second add, of the norm, follow
#   part, adamw     update the matrices; then both again for the biases, without weight decay
#   carry           copies the states for the next step
# On a GPU, TrainStep captures the calls after feed as a CUDA graph in the second step with the same batch size, unless
# the batch is large. From the third step on, it calls only feed and launches the graph. So the methods after feed
# never read from the host or wait for the device. average is called between steps.
#
# Gradients are computed here instead of by autograd. On a GPU the layers are cuDNN's. On a CPU, a layer packs W_hh
# once per forward pass and, transposed, once per backward pass, and the gradient of each of its matrices is one
# product over all characters instead of one per character. So it is on a GPU for a text of documents, because cuDNN
# cannot reset the state of a row inside a sequence.
#
# Shapes: T characters per row, B rows, N = T * B, E features of an embedding or of a layer's input, H hidden units,
# L layers, P features of the head's input (H, or the projection's size), V characters in the vocabulary.
#
# The arguments that describe a network:
#   parameters   embedding [V, E]; per layer one buffer, see parts; projection [P, H] if there is one; head [V, P]
#                unless the embedding is also the head (tied); bias [V]
#   structure    residual (0 or 1), embedding activation, head activation (see activate), has a projection, is tied
#   rates        dropout rates of the embedding, of layer outputs, and of recurrent weights; 0 means no dropout
#   continues    empty, or [T, B, 1]: 0 for a character before which the row's state is reset, else 1
#   masks        in another order than rates: embedding [1, B, E]; then per layer W_hh [3 * H, H] and output [1, B, H].
#                A rate of 0 has no masks. A value is 0 with the probability of its rate p, else 1 / (1 - p).


# What the backward pass needs of a forward pass. Lists have an element per layer.
class Activations(NamedTuple):
  embedded : Tensor              # [T, B, E], after the activation, before dropout
  inputs : List[Tensor]          # [T, B, E or H]
  outputs : List[Tensor]         # [T, B, H], before dropout
  buffers : List[Tensor]         # weights and biases, after dropout of recurrent weights
  saved : List[List[Tensor]]     # see layer
  last : List[Tensor]            # [B, H], states after the last character
  top : Tensor                   # [N, H], after the head's activation


class Training(Module):
  __parameters__ = []
  __buffers__ = []

  # ---- Inputs of a step, in arrays that stay where they are, so that a CUDA graph can read them ----

  # Copies from the host. On a GPU, it does not wait for the device.
  def put(self: __torch__.Training, target: Tensor, host: Tensor) -> int:
    if target.is_cuda:
      torch.copy_(target, torch.pin_memory(host), True)
    else:
      torch.copy_(target, host)
    return 0

  # Writes the inputs of a step: characters [T + 1, B], the ids of each row and of the character after it; carry_mask
  # [1, B, 1], 1 for rows that continue from their state, else 0; continues; rate_and_step [2], the learning rate and
  # the step's number from 1; and new masks, each with its probability 1 - p of keeping a value.
  def feed(self: __torch__.Training,
           characters: Tensor, carry_mask: Tensor, continues: List[Tensor], rate_and_step: Tensor,
           masks: List[Tensor], character_values: Tensor, carry_values: List[float],
           continue_values: List[Tensor], rate_and_step_values: List[float],
           keep_probabilities: List[float]) -> int:
    cpu = torch.device("cpu")
    self.put(characters, character_values)
    self.put(torch.view(carry_mask, [-1]), torch.tensor(carry_values, dtype=6, device=cpu, requires_grad=False))
    for i in range(torch.len(continues)):
      self.put(continues[i], continue_values[i])
    self.put(rate_and_step, torch.tensor(rate_and_step_values, dtype=6, device=cpu, requires_grad=False))
    for i in range(torch.len(masks)):
      torch.div_(torch.bernoulli_(masks[i], keep_probabilities[i]), keep_probabilities[i])
    return 0

  # ---- Activations: 0 none, 1 ReLU, 2 tanh ----

  def activate(self: __torch__.Training, kind: int, x: Tensor) -> Tensor:
    if kind == 1:
      return torch.relu(x)
    if kind == 2:
      return torch.tanh(x)
    return x

  # Returns the gradient of x from that of y = activate(kind, x).
  def activate_backward(self: __torch__.Training, kind: int, dy: Tensor, y: Tensor) -> Tensor:
    if kind == 1:
      return torch.threshold_backward(dy, y, 0)
    if kind == 2:
      return torch.tanh_backward(dy, y)
    return dy

  # ---- A GRU layer ----
  #
  #   gi = W_ih x + b_ih          gh = W_hh h + b_hh          each [B, 3 * H], gates in the order r, z, n
  #   r = sigmoid(gi_r + gh_r)    z = sigmoid(gi_z + gh_z)    n = tanh(gi_n + r * gh_n)
  #   h' = (1 - z) * n + z * h    which is lerp(n, h, z)

  # Returns views of a layer's buffer, or of its gradient: W_ih [3 * H, E], W_hh [3 * H, H], b_ih and b_hh [3 * H].
  # cuDNN wants all of them in one array.
  def parts(self: __torch__.Training, buffer: Tensor, hidden: int) -> List[Tensor]:
    G = 3 * hidden
    E = torch.size(buffer, 0) // G - hidden - 2
    flat = torch.split_with_sizes(buffer, [G * E, G * hidden, G, G])
    return [torch.view(flat[0], [G, E]), torch.view(flat[1], [G, hidden]), flat[2], flat[3]]

  # Runs a layer on x [T, B, E] from the state initial [B, H]. Returns its outputs [T, B, H], its last state [B, H],
  # and the arrays that layer_backward takes as saved: cuDNN's reserve, or those of layer_by_steps.
  def layer(self: __torch__.Training, x: Tensor, initial: Tensor, buffer: Tensor,
            continues: List[Tensor]) -> Tuple[Tensor, Tensor, List[Tensor]]:
    if x.is_cuda and torch.len(continues) == 0:
      H = torch.size(initial, 1)
      # First line: input, weights, 4 weights per layer, the weights as one buffer, initial state, no cell state.
      # Second line: mode 3 (GRU), hidden size, projection size 0, one layer, not batch first, dropout 0, training
      # (which fills the reserve), not bidirectional, no batch sizes of a packed sequence, no dropout state.
      y, last, no_cell, reserve, weight = torch._cudnn_rnn(
          x, self.parts(buffer, H), 4, buffer, torch.unsqueeze(initial, 0), None,
          3, H, 0, 1, False, 0., True, False, annotate(List[int], []), None)
      return (y, torch.squeeze(last, 0), [reserve])
    return self.layer_by_steps(x, initial, buffer, continues)

  # Packs a weight for products with B rows. On a GPU, nothing is packed.
  def pack(self: __torch__.Training, weight: Tensor, rows: int) -> Tensor:
    if weight.is_cuda:
      return weight
    return __torch__.products.pack(weight, rows)

  # Saves three arrays: gates [T, B, 3 * H] with r, z and n; gh_n [T, B, H]; and all states [T + 1, B, H], of which the
  # first is initial.
  def layer_by_steps(self: __torch__.Training, x: Tensor, initial: Tensor, buffer: Tensor,
                     continues: List[Tensor]) -> Tuple[Tensor, Tensor, List[Tensor]]:
    H = torch.size(initial, 1)
    w = self.parts(buffer, H)
    T, B, E = torch.size(x)
    gates = torch.view(torch.addmm(w[2], torch.reshape(x, [T * B, E]), torch.t(w[0])), [T, B, 3 * H])
    hidden_n = torch.empty([T, B, H], dtype=6, layout=None, device=x.device)
    states = torch.empty([T + 1, B, H], dtype=6, layout=None, device=x.device)
    torch.copy_(torch.select(states, 0, 0), initial)
    packed = self.pack(w[1], B)
    for t in range(T):
      before = torch.select(states, 0, t)
      if torch.len(continues) > 0:
        before = before * torch.select(continues[0], 0, t)
      gh = __torch__.products.linear(before, packed, w[3])
      gi = torch.select(gates, 0, t)  # a view: the operations below replace gi by r, z and n
      rz = torch.sigmoid_(torch.add_(torch.slice(gi, 1, 0, 2 * H), torch.slice(gh, 1, 0, 2 * H)))
      gh_n = torch.copy_(torch.select(hidden_n, 0, t), torch.slice(gh, 1, 2 * H))
      n = torch.tanh_(torch.addcmul_(torch.slice(gi, 1, 2 * H), torch.slice(rz, 1, 0, H), gh_n))
      torch.lerp(n, before, torch.slice(rz, 1, H), out=torch.select(states, 0, t + 1))
    return (torch.slice(states, 0, 1), torch.select(states, 0, T), [gates, hidden_n, states])

  # Returns the gradients of a layer's input [T, B, E] and of its buffer, from dy [T, B, H] of its outputs. The
  # gradient ends at initial: it does not reach the characters of earlier steps (truncated backpropagation through
  # time). Without cuDNN, this overwrites saved.
  def layer_backward(self: __torch__.Training, x: Tensor, initial: Tensor, buffer: Tensor, continues: List[Tensor],
                     y: Tensor, saved: List[Tensor], dy: Tensor) -> Tuple[Tensor, Tensor]:
    if x.is_cuda and torch.len(continues) == 0:
      H = torch.size(initial, 1)
      # The arguments of layer. The first line adds y and the gradients of y, of the last state (none) and of the last
      # cell state (none). The second adds the reserve and which gradients to compute: dx and dw, not dh and that of
      # the cell state. dw holds views of one array in the order of parts: W_ih, W_hh, b_ih, b_hh.
      dx, dh, no_cell, dw = torch._cudnn_rnn_backward(
          x, self.parts(buffer, H), 4, buffer, torch.unsqueeze(initial, 0), None, y, dy, None, None,
          3, H, 0, 1, False, 0., True, False, annotate(List[int], []), None, saved[0], [True, False, False, True])
      return (dx, torch.as_strided(dw[0], [torch.size(buffer, 0)], [1]))
    return self.layer_backward_by_steps(x, initial, buffer, continues, saved, dy)

  # The backward pass of one character. h is the state before it and h' the state after it, which is also its output.
  # d = dL/dh' [B, H] is dy of this character plus dL/dh of the character after it.
  #
  #   da_n = d * (1 - z) * (1 - n^2)         gradient of the argument of tanh
  #   da_r = da_n * gh_n * r * (1 - r)       of the argument of r's sigmoid
  #   da_z = d * (h - n) * z * (1 - z)       of the argument of z's sigmoid
  #   dgi = [da_r, da_z, da_n]               dgh = [da_r, da_z, da_n * r]        each [B, 3 * H]
  #   dL/dh = dgh W_hh + d * z               is a part of d of the character before, unless the state is reset there
  #
  # Everything but d is known before the loop over characters: dgh = d * factors. After the loop, products over all
  # N characters: dW_ih = dgi^T x, dW_hh = dgh^T h, db_ih and db_hh are sums over rows, dx = dgi W_ih.
  #
  # To save memory, dgh overwrites the saved gates, and da_n overwrites the saved gh_n.
  def layer_backward_by_steps(self: __torch__.Training, x: Tensor, initial: Tensor, buffer: Tensor,
                              continues: List[Tensor], saved: List[Tensor], dy: Tensor) -> Tuple[Tensor, Tensor]:
    H = torch.size(initial, 1)
    w = self.parts(buffer, H)
    T, B, E = torch.size(x)
    gates, hidden_n, states = saved
    before = torch.slice(states, 0, 0, T)
    if torch.len(continues) > 0:
      before = before * continues[0]
    packed = self.pack(torch.contiguous(torch.t(w[1])), B)
    dh = torch.zeros([B, H], dtype=6, layout=None, device=x.device)
    # The factors are computed for a chunk of characters at a time, the last chunk first. They take about 1.5 MB, so
    # that they are still in a CPU's cache when the inner loop reads them.
    chunk_steps = 131072 // (B * H) + 1
    for chunk in range((T + chunk_steps - 1) // chunk_steps):
      end = T - chunk * chunk_steps
      begin = ops.prim.max(0, end - chunk_steps)
      g = torch.slice(gates, 0, begin, end)
      r = torch.slice(g, 2, 0, H)
      z = torch.clone(torch.slice(g, 2, H, 2 * H))  # the inner loop reads z after dgh has overwritten it in g
      n = torch.slice(g, 2, 2 * H)
      factor_n = torch.mul_(1. - n * n, 1. - z)
      factor_r = torch.mul_(torch.mul_(factor_n * torch.slice(hidden_n, 0, begin, end), r), 1. - r)
      factor_z = torch.mul_(torch.mul_(torch.slice(before, 0, begin, end) - n, z), 1. - z)
      factors = torch.view(torch.cat([factor_r, factor_z, factor_n * r], 2), [-1, B, 3, H])
      for i in range(end - begin):
        at = end - begin - 1 - i
        d = torch.unsqueeze(torch.select(dy, 0, begin + at) + dh, 1)
        dgh = torch.select(g, 0, at)
        torch.mul(d, torch.select(factors, 0, at), out=torch.view(dgh, [B, 3, H]))
        d = torch.squeeze(d, 1)
        torch.mul(d, torch.select(factor_n, 0, at), out=torch.select(hidden_n, 0, begin + at))
        dh = torch.addcmul_(__torch__.products.linear(dgh, packed, None), d, torch.select(z, 0, at))
        if torch.len(continues) > 0:
          torch.mul_(dh, torch.select(continues[0], 0, begin + at))
    gradient = torch.empty_like(buffer)
    dw = self.parts(gradient, H)
    dg = torch.view(gates, [T * B, 3 * H])  # dgh
    torch.mm(torch.t(dg), torch.reshape(before, [T * B, H]), out=dw[1])
    torch.sum(dg, [0], out=dw[3])
    torch.copy_(torch.slice(gates, 2, 2 * H), hidden_n)  # dg is dgi from here on
    torch.mm(torch.t(dg), torch.reshape(x, [T * B, E]), out=dw[0])
    torch.sum(dg, [0], out=dw[2])
    return (torch.view(torch.mm(dg, w[0]), [T, B, E]), gradient)

  # ---- The network ----

  # Returns the mask of a layer's recurrent weights or of its output.
  def layer_mask(self: __torch__.Training, masks: List[Tensor], rates: List[float], k: int, of_output: bool) -> Tensor:
    of_embedding = 1 if rates[0] > 0. else 0
    of_outputs = 1 if rates[1] > 0. else 0
    of_weights = 1 if rates[2] > 0. else 0
    at = of_embedding + k * (of_weights + of_outputs)
    return masks[at + (of_weights if of_output else 0)]

  # Returns the head's weight [V, P].
  def head_weight(self: __torch__.Training, parameters: List[Tensor], tied: bool) -> Tensor:
    if tied:
      return parameters[0]
    return parameters[-2]

  # Runs the network up to the head, on ids [T, B] from a state [L, B, H].
  #
  #   plain:      x[0] = dropout(activate(embedding[ids]))    x[k+1] = dropout(gru_k(x[k]))
  #   residual:   the same, but x[k+1] = x[k] + dropout(gru_k(x[k])) for k > 0
  def forward(self: __torch__.Training, ids: Tensor, state: Tensor, continues: List[Tensor], masks: List[Tensor],
              parameters: List[Tensor], structure: List[int], rates: List[float]) -> __torch__.Activations:
    residual = structure[0] == 1
    L, B, H = torch.size(state)
    embedded = self.activate(structure[1], torch.embedding(parameters[0], ids))
    x = embedded
    if rates[0] > 0.:
      x = x * masks[0]
    inputs = annotate(List[Tensor], [])
    outputs = annotate(List[Tensor], [])
    buffers = annotate(List[Tensor], [])
    saved = annotate(List[List[Tensor]], [])
    last = annotate(List[Tensor], [])
    for k in range(L):
      buffer = parameters[1 + k]
      if rates[2] > 0.:
        buffer = torch.clone(buffer)
        torch.mul_(self.parts(buffer, H)[1], self.layer_mask(masks, rates, k, False))
      y, last_of_layer, saved_of_layer = self.layer(x, torch.select(state, 0, k), buffer, continues)
      torch.append(inputs, x)
      torch.append(outputs, y)
      torch.append(buffers, buffer)
      torch.append(saved, saved_of_layer)
      torch.append(last, last_of_layer)
      if rates[1] > 0.:
        y = y * self.layer_mask(masks, rates, k, True)
      if residual and k > 0:
        x = x + y
      else:
        x = y
    top = torch.view(self.activate(structure[2], x), [-1, H])
    return __torch__.Activations(embedded, inputs, outputs, buffers, saved, last, top)

  # Returns the head's input [N, P] and the logits [N, V].
  def head(self: __torch__.Training, top: Tensor, parameters: List[Tensor], layers: int,
           structure: List[int]) -> Tuple[Tensor, Tensor]:
    x = top
    if structure[3] == 1:
      x = torch.linear(top, parameters[1 + layers])
    return (x, torch.linear(x, self.head_weight(parameters, structure[4] == 1), parameters[-1]))

  # Returns the mean cross entropy in nats, and its gradient by the logits [N, V]:
  #
  #   (softmax(logits) - one_hot(target)) / N
  def loss(self: __torch__.Training, logits: Tensor, targets: Tensor) -> Tuple[Tensor, Tensor]:
    log_probabilities = torch.log_softmax(logits, 1)
    target = torch.reshape(targets, [-1, 1])
    loss = torch.neg(torch.mean(torch.gather(log_probabilities, 1, target)))
    dlogits = torch.exp_(log_probabilities)
    torch.scatter_add_(dlogits, 1, target, torch.neg(torch.ones_like(target, dtype=6)))
    return (loss, torch.div_(dlogits, torch.size(target, 0)))

  # Returns three results from dlogits [N, V] and the head's input x [N, P]: the gradient of top [N, H]; that of the
  # head's weight [V, P]; and those of the parameters after the layers: the projection's if there is one, the head's
  # weight's unless it is tied, the bias's. If it is tied, the caller adds the second to the embedding's.
  def head_backward(self: __torch__.Training, dlogits: Tensor, x: Tensor, top: Tensor, parameters: List[Tensor],
                    layers: int, structure: List[int]) -> Tuple[Tensor, Tensor, List[Tensor]]:
    tied = structure[4] == 1
    dbias = torch.sum(dlogits, [0])
    dweight = torch.mm(torch.t(dlogits), x)
    d = torch.mm(dlogits, self.head_weight(parameters, tied))
    gradients = annotate(List[Tensor], [])
    if structure[3] == 1:
      torch.append(gradients, torch.mm(torch.t(d), top))
      d = torch.mm(d, parameters[1 + layers])
    if not tied:
      torch.append(gradients, dweight)
    torch.append(gradients, dbias)
    return (d, dweight, gradients)

  # Returns the gradients of embedded [T, B, E] and of the layers' buffers, first layer first. dx [T, B, H] is the
  # gradient of x[L] of forward.
  def layers_backward(self: __torch__.Training, a: __torch__.Activations, state: Tensor, dx: Tensor,
                      continues: List[Tensor], masks: List[Tensor], residual: bool,
                      rates: List[float]) -> Tuple[Tensor, List[Tensor]]:
    L, B, H = torch.size(state)
    last_first = annotate(List[Tensor], [])
    for i in range(L):
      k = L - 1 - i
      dy = dx
      if rates[1] > 0.:
        dy = dx * self.layer_mask(masks, rates, k, True)
      below, gradient = self.layer_backward(
          a.inputs[k], torch.select(state, 0, k), a.buffers[k], continues, a.outputs[k], a.saved[k], dy)
      if rates[2] > 0.:
        torch.mul_(self.parts(gradient, H)[1], self.layer_mask(masks, rates, k, False))
      torch.append(last_first, gradient)
      if residual and k > 0:
        dx = dx + below
      else:
        dx = below
    if rates[0] > 0.:
      dx = dx * masks[0]
    gradients = annotate(List[Tensor], [])
    for k in range(L):
      torch.append(gradients, last_first[L - 1 - k])
    return (dx, gradients)

  # Returns the loss of a batch, the states after it [L, B, H], and the gradients of all parameters in their order.
  # characters [T + 1, B] are the ids of each row and of the character after it. The batch continues from the carried
  # states [L, B, H] in the rows that keep theirs, and from zeros in the others.
  def gradients(self: __torch__.Training, characters: Tensor, carried: Tensor, carry_mask: Tensor,
                continues: List[Tensor], masks: List[Tensor], parameters: List[Tensor], structure: List[int],
                rates: List[float]) -> Tuple[Tensor, Tensor, List[Tensor]]:
    state = torch.where(torch.gt(carry_mask, 0), carried, 0.)
    L, B, H = torch.size(state)
    length = torch.size(characters, 0) - 1
    ids = torch.slice(characters, 0, 0, length)
    targets = torch.slice(characters, 0, 1)

    a = self.forward(ids, state, continues, masks, parameters, structure, rates)
    x, logits = self.head(a.top, parameters, L, structure)
    loss, dlogits = self.loss(logits, targets)

    dtop, dhead, after_layers = self.head_backward(dlogits, x, a.top, parameters, L, structure)
    dx = torch.view(self.activate_backward(structure[2], dtop, a.top), [length, B, H])
    dx, of_layers = self.layers_backward(a, state, dx, continues, masks, structure[0] == 1, rates)
    dx = self.activate_backward(structure[1], dx, a.embedded)
    dembedding = torch.embedding_dense_backward(dx, ids, torch.size(parameters[0], 0), -1, False)
    if structure[4] == 1:
      dembedding = torch.add_(dembedding, dhead)

    gradients = [dembedding]
    for gradient in of_layers:
      torch.append(gradients, gradient)
    for gradient in after_layers:
      torch.append(gradients, gradient)
    return (loss, torch.stack(a.last), gradients)

  # ---- The optimizer ----

  # Scales all gradients in place so that their global norm is at most a limit; 0 means no limit. Returns the norm
  # before. See https://arxiv.org/abs/1211.5063.
  def clip(self: __torch__.Training, gradients: List[Tensor], limit: float) -> Tensor:
    norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients, 2)))
    if limit > 0.:
      torch._foreach_mul_(gradients, torch.clamp(limit / (norm + 1e-06), None, 1.))
    return norm

  # Returns views of the values that belong to matrices, which weight decay applies to, or of the others. A tensor
  # begins with its matrix values: all of an embedding, the weights of a layer's buffer, none of a bias.
  def part(self: __torch__.Training, tensors: List[Tensor], matrix_values: List[int],
           of_matrices: bool) -> List[Tensor]:
    chosen = annotate(List[Tensor], [])
    for i in range(torch.len(tensors)):
      size = torch.numel(tensors[i])
      whole = size if of_matrices else 0  # the matrix_values with which the whole tensor is chosen
      if matrix_values[i] == whole:
        torch.append(chosen, tensors[i])
      elif matrix_values[i] > 0 and matrix_values[i] < size:
        if of_matrices:
          torch.append(chosen, torch.slice(tensors[i], 0, 0, matrix_values[i]))
        else:
          torch.append(chosen, torch.slice(tensors[i], 0, matrix_values[i]))
    return chosen

  # Adds a loss or a norm to its sum on the device.
  def add(self: __torch__.Training, sum: Tensor, value: Tensor) -> int:
    torch.add_(sum, value)
    return 0

  # Copies the states after a batch, for the next one.
  def carry(self: __torch__.Training, carried: Tensor, last: Tensor) -> int:
    torch.copy_(carried, last)
    return 0

  # Takes a step of AdamW (https://arxiv.org/abs/1711.05101) with libtorch's fused kernels. rate_and_step is
  # that of feed; means and squares are the moments of the gradients. All lists have the same length.
  def adamw(self: __torch__.Training, parameters: List[Tensor], gradients: List[Tensor], means: List[Tensor],
            squares: List[Tensor], rate_and_step: Tensor, beta1: float, beta2: float, decay: float) -> int:
    rate, count = torch.unbind(rate_and_step)
    counts = annotate(List[Tensor], [])
    for i in range(torch.len(parameters)):
      torch.append(counts, count)
    torch._fused_adamw_(
        parameters, gradients, means, squares, annotate(List[Tensor], []), counts,
        lr=rate, beta1=beta1, beta2=beta2, weight_decay=decay, eps=1e-08, amsgrad=False, maximize=False)
    return 0

  # Moves averages towards parameters: average += weight * (parameter - average).
  def average(self: __torch__.Training, averages: List[Tensor], parameters: List[Tensor], weight: float) -> int:
    torch._foreach_lerp_(averages, parameters, weight)
    return 0
