class Cuda(Module):
  __parameters__ = []
  __buffers__ = []
  def enter_stream(self: __torch__.Cuda, device: int) -> int:
    stream = __torch__.torch.classes.cuda.Stream.__new__(__torch__.torch.classes.cuda.Stream)
    _0 = (stream).__init__(torch.device("cuda", device), 0)
    ops.cuda.set_stream(stream)
    return device
  def synchronize(self: __torch__.Cuda, device: int) -> int:
    ops.cuda.synchronize(device)
    return device
