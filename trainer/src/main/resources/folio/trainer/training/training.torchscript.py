# Forward pass, loss, backward pass and optimizer of a character GRU.
#
# This is TorchScript, not a Python module; folio.runtime.torchscript.TorchScript describes the dialect.
# folio.trainer.training.TrainingScript loads it.
#
# folio.trainer.training.TrainStep runs a step with these calls:
#   feed               writes the inputs of the step to the device
#   begin              embeds the characters
#   for each layer:    drop_weights, layer and join, or with Folio's kernels recurrence_inputs instead of layer
#   head               computes the loss, and the gradients of what lies above the layers
#   for each layer, last first:
#                      drop_output, layer_backward, drop_gradient and add_gradient, or with Folio's kernels
#                      recurrence_gradient_inputs, recurrence_input_gradient and recurrence_buffer_gradient instead
#                      of layer_backward
#   embedding_gradient ends the backward pass, and stack joins the states
#   divide             in a group of processes, divides the sums of gradients by the number of processes
#   add                adds the loss to a sum
#   unscale            in float16, divides the gradients by the factor of the loss and looks for infinities
#   clip, add_finite   with a gradient clipper
#   part, adamw        update the matrices; then both again for the biases, without weight decay
#   rescale            in float16, changes the factor
#   carry              copies the states for the next step
# On a GPU, TrainStep captures the calls after feed as a CUDA graph in the second step with the same batch size, unless
# the batch is large. From the third step on, it calls only feed and launches the graph. So the methods after feed
# never read from the host or wait for the device. average is called between steps.
#
# Gradients are computed here instead of by autograd. On a GPU the layers are Folio's kernels, or cuDNN's. On a CPU, a
# layer packs W_hh once per forward pass and, transposed, once per backward pass, and the gradient of each of its
# matrices is one product over all characters instead of one per character. So it is on a GPU without Folio's kernels
# for a text of documents, because cuDNN cannot reset the state of a row inside a sequence.
#
# Shapes: T characters per row, B rows, N = T * B, E features of an embedding or of a layer's input, H hidden units,
# L layers, P features of the head's input (H, or the projection's size), V characters in the vocabulary.
#
# The arguments that describe a network:
#   parameters   embedding [V, E]; per layer one buffer, see parts; projection [P, H] if there is one; head [V, P]
#                unless the embedding is also the head (tied); bias [V]
#   structure    embedding activation, head activation (see activate), has a projection, is tied
#   continues    empty, or [T, B, 1]: 0 for a character before which the row's state is reset, else 1
#   mask         empty without dropout, else one mask: [1, B, E] of the embedding, [3 * H, H] of W_hh, [1, B, H] of a
#                layer's output. A value is 0 with the probability p of its rate, else 1 / (1 - p).
#   dtype        the data type of x and of the products: 6 is float32, 5 float16, 15 bfloat16. Parameters, gradients of
#                parameters and states are float32.


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

  # Returns the views of numbers [B + 2] that the steps read: carry_mask [1, B, 1], 1 for rows that continue from their
  # state, else 0; and rate_and_step [2], the learning rate and the step's number from 1.
  def views(self: __torch__.Training, numbers: Tensor) -> Tuple[Tensor, Tensor]:
    rows = torch.size(numbers, 0) - 2
    return (torch.view(torch.slice(numbers, 0, 0, rows), [1, rows, 1]), torch.slice(numbers, 0, rows))

  # Writes the inputs of a step: characters [T + 1, B], the ids of each row and of the character after it; numbers, see
  # views; continues; and new masks, each with its probability 1 - p of keeping a value.
  def feed(self: __torch__.Training,
           characters: Tensor, numbers: Tensor, continues: List[Tensor], masks: List[Tensor],
           character_values: Tensor, number_values: List[float], continue_values: List[Tensor],
           keep_probabilities: List[float]) -> int:
    self.put(characters, character_values)
    self.put(numbers, torch.tensor(number_values, dtype=6, device=torch.device("cpu"), requires_grad=False))
    for i in range(torch.len(continues)):
      self.put(continues[i], continue_values[i])
    for i in range(torch.len(masks)):
      torch.div_(torch.bernoulli_(masks[i], keep_probabilities[i]), keep_probabilities[i])
    return 0

  # Returns a view of count rows of a mask [1, B, ...], from a row on.
  def rows(self: __torch__.Training, mask: Tensor, begin: int, count: int) -> Tensor:
    return torch.slice(mask, 1, begin, begin + count)

  # Divides arrays by a number in place.
  def divide(self: __torch__.Training, arrays: List[Tensor], by: float) -> int:
    torch._foreach_div_(arrays, by)
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
  # and the arrays that layer_backward takes as saved: cuDNN's reserve and its buffer, or those of layer_by_steps.
  def layer(self: __torch__.Training, x: Tensor, initial: Tensor, buffer: Tensor,
            continues: List[Tensor], dtype: int) -> Tuple[Tensor, Tensor, List[Tensor]]:
    if x.is_cuda and torch.len(continues) == 0:
      H = torch.size(initial, 1)
      buffer = self.cast(buffer, dtype)
      # First line: input, weights, 4 weights per layer, the weights as one buffer, initial state, no cell state.
      # Second line: mode 3 (GRU), hidden size, projection size 0, one layer, not batch first, dropout 0, training
      # (which fills the reserve), not bidirectional, no batch sizes of a packed sequence, no dropout state.
      y, last, no_cell, reserve, weight = torch._cudnn_rnn(
          x, self.parts(buffer, H), 4, buffer, torch.unsqueeze(self.cast(initial, dtype), 0), None,
          3, H, 0, 1, False, 0., True, False, annotate(List[int], []), None)
      return (y, self.cast(torch.squeeze(last, 0), 6), [reserve, buffer])
    y, last, saved = self.layer_by_steps(x, initial, buffer, continues, dtype)
    return (self.cast(y, dtype), last, saved)

  # Packs a weight for products with B rows. On a GPU, nothing is packed.
  def pack(self: __torch__.Training, weight: Tensor, rows: int) -> Tensor:
    if weight.is_cuda:
      return weight
    return __torch__.products.pack(weight, rows)

  # Returns x weight^T + bias in float32, of x [N, K], a weight from pack and a bias of its data type, or None. The
  # product takes numbers of the data type.
  def packed_product(self: __torch__.Training, x: Tensor, weight: Tensor, bias: Optional[Tensor],
                     dtype: int) -> Tensor:
    if dtype == 6:
      return __torch__.products.linear(x, weight, bias)
    return self.cast(__torch__.products.linear(self.cast(x, dtype), weight, bias), 6)

  # Writes the product of two matrices to an array in float32.
  def product_to(self: __torch__.Training, target: Tensor, a: Tensor, b: Tensor) -> int:
    if ops.prim.dtype(a) == 6:
      torch.mm(a, b, out=target)
    else:
      torch.copy_(target, torch.mm(a, b))
    return 0

  # Only the products have the data type; x has it too. Saves three arrays in float32: gates [T, B, 3 * H] with r, z and
  # n; gh_n [T, B, H]; and all states [T + 1, B, H], of which the first is initial.
  def layer_by_steps(self: __torch__.Training, x: Tensor, initial: Tensor, buffer: Tensor,
                     continues: List[Tensor], dtype: int) -> Tuple[Tensor, Tensor, List[Tensor]]:
    H = torch.size(initial, 1)
    w = self.parts(self.cast(buffer, dtype), H)
    T, B, E = torch.size(x)
    gates = self.cast(torch.view(torch.addmm(w[2], torch.reshape(x, [T * B, E]), torch.t(w[0])), [T, B, 3 * H]), 6)
    hidden_n = torch.empty([T, B, H], dtype=6, layout=None, device=x.device)
    states = torch.empty([T + 1, B, H], dtype=6, layout=None, device=x.device)
    torch.copy_(torch.select(states, 0, 0), initial)
    packed = self.pack(w[1], B)
    for t in range(T):
      before = torch.select(states, 0, t)
      if torch.len(continues) > 0:
        before = before * torch.select(continues[0], 0, t)
      gh = self.packed_product(before, packed, w[3], dtype)
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
                     y: Tensor, saved: List[Tensor], dy: Tensor, dtype: int) -> Tuple[Tensor, Tensor]:
    if x.is_cuda and torch.len(continues) == 0:
      H = torch.size(initial, 1)
      # The arguments of layer. The first line adds y and the gradients of y, of the last state (none) and of the last
      # cell state (none). The second adds the reserve and which gradients to compute: dx and dw, not dh and that of
      # the cell state. dw holds views of one array in the order of parts: W_ih, W_hh, b_ih, b_hh.
      cast = saved[1]
      dx, dh, no_cell, dw = torch._cudnn_rnn_backward(
          x, self.parts(cast, H), 4, cast, torch.unsqueeze(self.cast(initial, dtype), 0), None, y, dy, None, None,
          3, H, 0, 1, False, 0., True, False, annotate(List[int], []), None, saved[0], [True, False, False, True])
      return (dx, self.cast(torch.as_strided(dw[0], [torch.size(buffer, 0)], [1]), 6))
    return self.layer_backward_by_steps(x, buffer, continues, saved, self.cast(dy, 6), dtype)

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
  def layer_backward_by_steps(self: __torch__.Training, x: Tensor, buffer: Tensor, continues: List[Tensor],
                              saved: List[Tensor], dy: Tensor, dtype: int) -> Tuple[Tensor, Tensor]:
    gates, hidden_n, states = saved
    T, B, H = torch.size(hidden_n)
    E = torch.size(x, 2)
    w = self.parts(self.cast(buffer, dtype), H)
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
        dh = torch.addcmul_(self.packed_product(dgh, packed, None, dtype), d, torch.select(z, 0, at))
        if torch.len(continues) > 0:
          torch.mul_(dh, torch.select(continues[0], 0, begin + at))
    gradient = torch.empty_like(buffer)
    dw = self.parts(gradient, H)
    dg = torch.view(gates, [T * B, 3 * H])  # dgh
    self.product_to(dw[1], torch.t(self.cast(dg, dtype)), self.cast(torch.reshape(before, [T * B, H]), dtype))
    torch.sum(dg, [0], out=dw[3])
    torch.copy_(torch.slice(gates, 2, 2 * H), hidden_n)  # dg is dgi from here on
    dgi = self.cast(dg, dtype)
    self.product_to(dw[0], torch.t(dgi), torch.reshape(x, [T * B, E]))
    torch.sum(dg, [0], out=dw[2])
    return (torch.view(torch.mm(dgi, w[0]), [T, B, E]), gradient)

  # ---- A GRU layer with Folio's kernels, which run the recurrence between these functions ----
  #
  # folio.trainer.recurrence.Pass describes the kernels' arguments.

  # Returns views of the matrices W_ih [3 * H, E] and W_hh [3 * H, H] in an array that holds nothing else.
  def matrices(self: __torch__.Training, values: Tensor, hidden: int) -> List[Tensor]:
    G = 3 * hidden
    E = torch.size(values, 0) // G - hidden
    flat = torch.split_with_sizes(values, [G * E, G * hidden])
    return [torch.view(flat[0], [G, E]), torch.view(flat[1], [G, hidden])]

  # Returns the arrays of the forward kernel: gates [T, B, 3 * H], which begin as W_ih x, hidden_n [T, B, H], states
  # [T + 1, B, H], last [B, H], the outputs [T, B, H] as a view of states, both matrices in one array for the functions
  # below, W_hh [3 * H, H] as a view of it, and both biases [2 * 3 * H] in float32.
  def recurrence_inputs(
      self: __torch__.Training, x: Tensor, buffer: Tensor, initial: Tensor,
      dtype: int) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    B, H = torch.size(initial)
    T, rows, E = torch.size(x)
    size = 3 * H * (E + H)
    weights = self.cast(torch.slice(buffer, 0, 0, size), dtype)
    w = self.matrices(weights, H)
    gates = torch.view(torch.mm(torch.reshape(x, [T * B, E]), torch.t(w[0])), [T, B, 3 * H])
    hidden_n = torch.empty([T, B, H], dtype=dtype, layout=None, device=x.device)
    states = torch.empty([T + 1, B, H], dtype=dtype, layout=None, device=x.device)
    last = torch.empty([B, H], dtype=6, layout=None, device=x.device)
    return (gates, hidden_n, states, last, torch.slice(states, 0, 1), weights, w[1], torch.slice(buffer, 0, size))

  # Returns W_hh transposed [H, 3 * H], and dy without gaps, for the backward kernel.
  def recurrence_gradient_inputs(self: __torch__.Training, weights: Tensor, dy: Tensor) -> Tuple[Tensor, Tensor]:
    w = self.matrices(weights, torch.size(dy, 2))
    return (torch.contiguous(torch.t(w[1])), torch.contiguous(dy))

  # Returns the gradient of x [T, B, E] from what the backward kernel has left: dgi in gates.
  def recurrence_input_gradient(self: __torch__.Training, weights: Tensor, gates: Tensor) -> Tensor:
    T, B, G = torch.size(gates)
    w = self.matrices(weights, G // 3)
    return torch.view(torch.mm(torch.view(gates, [T * B, G]), w[0]), [T, B, -1])

  # Returns the gradient of the buffer from what the backward kernel has left: dgi in gates, and n's part of dgh in
  # hidden_n. The other parts of dgh are those of dgi.
  def recurrence_buffer_gradient(self: __torch__.Training, x: Tensor, buffer: Tensor, weights: Tensor, gates: Tensor,
                                 hidden_n: Tensor, states: Tensor, continues: List[Tensor]) -> Tensor:
    T, B, H = torch.size(hidden_n)
    E = torch.size(x, 2)
    dgi = torch.view(gates, [T * B, 3 * H])
    dgh_n = torch.view(hidden_n, [T * B, H])
    before = torch.slice(states, 0, 0, T)
    if torch.len(continues) > 0:
      before = before * self.cast(continues[0], ops.prim.dtype(states))
    before = torch.reshape(before, [T * B, H])
    dweights = torch.empty_like(weights)
    dw = self.matrices(dweights, H)
    torch.mm(torch.t(dgi), torch.reshape(x, [T * B, E]), out=dw[0])
    torch.mm(torch.t(torch.slice(dgi, 1, 0, 2 * H)), before, out=torch.slice(dw[1], 0, 0, 2 * H))
    torch.mm(torch.t(dgh_n), before, out=torch.slice(dw[1], 0, 2 * H))
    gradient = torch.empty_like(buffer)
    parts = torch.split_with_sizes(gradient, [torch.numel(weights), 3 * H, 2 * H, H])
    torch.copy_(parts[0], dweights)
    torch.sum(dgi, [0], False, dtype=6, out=parts[1])
    torch.copy_(parts[2], torch.slice(parts[1], 0, 0, 2 * H))
    torch.sum(dgh_n, [0], False, dtype=6, out=parts[3])
    return gradient

  # ---- The network ----
  #
  #   plain:      x[0] = dropout(activate(embedding[ids]))    x[k+1] = dropout(gru_k(x[k]))
  #   residual:   the same, but x[k+1] = x[k] + dropout(gru_k(x[k])) for k > 0

  # Casts an array, or returns it if it has the data type.
  def cast(self: __torch__.Training, x: Tensor, dtype: int) -> Tensor:
    return torch.to(x, dtype, False, False, None)

  # Returns the product of x with a mask, or x if there is none.
  def drop_output(self: __torch__.Training, x: Tensor, mask: List[Tensor]) -> Tensor:
    if torch.len(mask) == 0:
      return x
    return x * self.cast(mask[0], ops.prim.dtype(x))

  # Returns a copy of a layer's buffer with W_hh times its mask.
  def drop_weights(self: __torch__.Training, buffer: Tensor, mask: Tensor) -> Tensor:
    dropped = torch.clone(buffer)
    torch.mul_(self.parts(dropped, torch.size(mask, 1))[1], mask)
    return dropped

  # Multiplies the gradient of W_hh in that of a layer's buffer with its mask.
  def drop_gradient(self: __torch__.Training, gradient: Tensor, mask: Tensor) -> int:
    torch.mul_(self.parts(gradient, torch.size(mask, 1))[1], mask)
    return 0

  # Returns the characters that predict, [T, B], of characters [T + 1, B].
  def ids(self: __torch__.Training, characters: Tensor) -> Tensor:
    return torch.slice(characters, 0, 0, torch.size(characters, 0) - 1)

  # Returns the embedding [T, B, E] after the activation in float32, x[0], and the state [B, H] from which each layer
  # begins: that of carried [L, B, H], or zeros.
  def begin(self: __torch__.Training, characters: Tensor, carried: Tensor, carry_mask: Tensor, mask: List[Tensor],
            embedding: Tensor, structure: List[int], dtype: int) -> Tuple[Tensor, Tensor, List[Tensor]]:
    state = torch.where(torch.gt(carry_mask, 0), carried, 0.)
    embedded = self.activate(structure[0], torch.embedding(embedding, self.ids(characters)))
    return (embedded, self.cast(self.drop_output(embedded, mask), dtype), torch.unbind(state))

  # Returns the input of the next layer from that of a layer and from its output before dropout.
  def join(self: __torch__.Training, x: Tensor, y: Tensor, mask: List[Tensor], adds: bool) -> Tensor:
    y = self.drop_output(y, mask)
    if adds:
      return x + y
    return y

  # Returns the sum of two gradients.
  def add_gradient(self: __torch__.Training, dx: Tensor, dy: Tensor) -> Tensor:
    return dx + dy

  # Returns the mean cross entropy of logits [N, V] times a factor in nats, and its gradient by the logits, in float32:
  #
  #   (softmax(factor * logits) - one_hot(target)) * factor / N
  def loss(self: __torch__.Training, logits: Tensor, targets: Tensor, factor: float) -> Tuple[Tensor, Tensor]:
    if factor != 1.:
      logits = self.cast(logits, 6) * factor
    log_probabilities = torch.log_softmax(logits, 1, 6)
    target = torch.reshape(targets, [-1])
    loss, count = torch.nll_loss_forward(log_probabilities, target, None, 1, -100)  # 1 means the mean
    dlogits = torch.exp_(log_probabilities)
    torch.scatter_(dlogits, 1, torch.unsqueeze(target, 1), -1., reduce="add")
    return (loss, torch.div_(dlogits, torch.size(target, 0) / factor))

  # Returns the loss of the last layer's output x [T, B, H], and the gradients: of x; of the head's weight [V, P] in a
  # list, if it is tied to the embedding; and of the parameters after the layers, which are the projection's if there
  # is one, the head's unless it is tied, and the bias's. The factor is that of the logits in the loss. With a scale,
  # all gradients are times the scale.
  def head(self: __torch__.Training, x: Tensor, characters: Tensor, parameters: List[Tensor], scale: List[Tensor],
           structure: List[int], dtype: int, factor: float) -> Tuple[Tensor, Tensor, List[Tensor], List[Tensor]]:
    projects = structure[2] == 1
    tied = structure[3] == 1
    T, B, H = torch.size(x)
    top = torch.view(self.activate(structure[1], x), [T * B, H])
    weight = self.cast(parameters[0] if tied else parameters[-2], dtype)
    projection = self.cast(parameters[-2 if tied else -3], dtype) if projects else top  # unused without one
    inner = torch.linear(top, projection) if projects else top
    logits = torch.linear(inner, weight, self.cast(parameters[-1], dtype))
    loss, dlogits = self.loss(logits, torch.slice(characters, 0, 1), factor)
    if torch.len(scale) > 0:
      torch.mul_(dlogits, scale[0])
    dbias = torch.sum(dlogits, [0])
    dlogits = self.cast(dlogits, dtype)
    dweight = self.cast(torch.mm(torch.t(dlogits), inner), 6)
    d = torch.mm(dlogits, weight)
    of_tied = annotate(List[Tensor], [])
    after = annotate(List[Tensor], [])
    if projects:
      torch.append(after, self.cast(torch.mm(torch.t(d), top), 6))
      d = torch.mm(d, projection)
    torch.append(of_tied if tied else after, dweight)
    torch.append(after, dbias)
    dx = torch.view(self.activate_backward(structure[1], d, top), [T, B, H])
    return (loss, dx, of_tied, after)

  # Returns the gradient of the embedding's weight from that of x[0], plus that of the head if it is tied.
  def embedding_gradient(self: __torch__.Training, characters: Tensor, embedded: Tensor, dx: Tensor,
                         mask: List[Tensor], embedding: Tensor, of_tied: List[Tensor],
                         structure: List[int]) -> Tensor:
    d = self.activate_backward(structure[0], self.drop_output(self.cast(dx, 6), mask), embedded)
    gradient = torch.embedding_dense_backward(d, self.ids(characters), torch.size(embedding, 0), -1, False)
    if torch.len(of_tied) > 0:
      gradient = torch.add_(gradient, of_tied[0])
    return gradient

  # Joins the states [B, H] of all layers.
  def stack(self: __torch__.Training, states: List[Tensor]) -> Tensor:
    return torch.stack(states)

  # ---- The factor of the loss in float16 ----

  # Divides gradients by a factor [1] in place. Sets overflow [1] to 1 if one is infinite or not a number, else to 0.
  def unscale(self: __torch__.Training, gradients: List[Tensor], scale: Tensor, overflow: Tensor) -> int:
    torch.zero_(overflow)
    torch._amp_foreach_non_finite_check_and_unscale_(gradients, overflow, torch.reciprocal(scale))
    return 0

  # Halves the factor after an overflow, and doubles it after 2,000 steps without one. Counts the skipped steps.
  def rescale(self: __torch__.Training, scale: Tensor, good_steps: Tensor, overflow: Tensor, skipped: Tensor) -> int:
    torch._amp_update_scale_(scale, good_steps, overflow, 2., 0.5, 2000)
    torch.add_(skipped, overflow)
    return 0

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

  # ---- Dynamic evaluation (https://arxiv.org/abs/1709.07432) ----

  # Adds the squares of gradients to their sums, and 1 to the number of steps [1].
  def add_squares(self: __torch__.Training, sums: List[Tensor], steps: Tensor, gradients: List[Tensor]) -> int:
    torch._foreach_addcmul_(sums, gradients, gradients, 1)
    torch.add_(steps, 1)
    return 0

  # Returns three lists of arrays: copies of the parameters, the factors of their gradients, which are
  # 1 / (rms + floor * mean) / fall, and the fractions of the way back in a step, which are decay * rms / mean and at
  # most 1. The rms of a weight is the root of its mean squared gradient, and mean is the mean of all rms. A step along
  # gradients that equal their rms would lower the loss by fall without the division by it, and by 1 nat with it, to
  # first order.
  def dynamic_rule(self: __torch__.Training, parameters: List[Tensor], sums: List[Tensor], steps: Tensor, floor: float,
                   decay: float) -> Tuple[List[Tensor], List[Tensor], List[Tensor]]:
    rms = annotate(List[Tensor], [])
    total = torch.zeros([1], dtype=6, layout=None, device=steps.device)
    count = 0
    for i in range(torch.len(sums)):
      torch.append(rms, torch.sqrt(sums[i] / steps))
      total = total + torch.sum(rms[i])
      count = count + torch.numel(rms[i])
    mean = total / count
    trained = annotate(List[Tensor], [])
    scales = annotate(List[Tensor], [])
    decays = annotate(List[Tensor], [])
    fall = torch.zeros([1], dtype=6, layout=None, device=steps.device)
    for i in range(torch.len(rms)):
      torch.append(trained, torch.clone(parameters[i]))
      torch.append(scales, torch.reciprocal(rms[i] + floor * mean))
      torch.append(decays, torch.clamp(rms[i] * (decay / mean), None, 1.))
      fall = fall + torch.sum(rms[i] * rms[i] * scales[i])
    torch._foreach_div_(scales, torch.select(fall, 0, 0))
    return (trained, scales, decays)

  # Takes a step: parameters += decays * (trained - parameters) - rate * scales * gradients. It changes the gradients.
  def dynamic_step(self: __torch__.Training, parameters: List[Tensor], gradients: List[Tensor], trained: List[Tensor],
                   scales: List[Tensor], decays: List[Tensor], rate_and_step: Tensor) -> int:
    torch._foreach_lerp_(parameters, trained, decays)
    torch._foreach_mul_(gradients, torch.select(rate_and_step, 0, 0))
    torch._foreach_addcmul_(parameters, gradients, scales, -1)
    return 0

  # Copies the values of arrays to others.
  def copy_all(self: __torch__.Training, targets: List[Tensor], sources: List[Tensor]) -> int:
    torch._foreach_copy_(targets, sources)
    return 0

  # Adds a loss to its sum on the device.
  def add(self: __torch__.Training, sum: Tensor, value: Tensor) -> int:
    torch.add_(sum, value)
    return 0

  # Adds a norm to its sum on the device, or nothing if it is infinite or not a number.
  def add_finite(self: __torch__.Training, sum: Tensor, value: Tensor) -> int:
    torch.add_(sum, torch.nan_to_num(value, 0., 0., 0.))
    return 0

  # Copies the states after a batch, for the next one.
  def carry(self: __torch__.Training, carried: Tensor, last: Tensor) -> int:
    torch.copy_(carried, last)
    return 0

  # Takes a step of AdamW (https://arxiv.org/abs/1711.05101) with libtorch's fused kernels. rate_and_step is
  # that of feed; means and squares are the moments of the gradients. All lists have the same length. overflow is empty,
  # or has one array [1]: if it is 1, nothing changes.
  def adamw(self: __torch__.Training, parameters: List[Tensor], gradients: List[Tensor], means: List[Tensor],
            squares: List[Tensor], rate_and_step: Tensor, beta1: float, beta2: float, decay: float,
            overflow: List[Tensor]) -> int:
    rate, count = torch.unbind(rate_and_step)
    counts = annotate(List[Tensor], [])
    for i in range(torch.len(parameters)):
      torch.append(counts, count)
    found = annotate(Optional[Tensor], None)
    if torch.len(overflow) > 0:
      found = overflow[0]
    torch._fused_adamw_(
        parameters, gradients, means, squares, annotate(List[Tensor], []), counts,
        lr=rate, beta1=beta1, beta2=beta2, weight_decay=decay, eps=1e-08, amsgrad=False, maximize=False,
        grad_scale=None, found_inf=found)
    return 0

  # Moves averages towards parameters: average += weight * (parameter - average).
  def average(self: __torch__.Training, averages: List[Tensor], parameters: List[Tensor], weight: float) -> int:
    torch._foreach_lerp_(averages, parameters, weight)
    return 0
