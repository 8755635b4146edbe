class Cuda(Module):
  __parameters__ = []
  __buffers__ = []
  def enter_stream(self: __torch__.Cuda, device: str) -> int:
    stream = __torch__.torch.classes.cuda.Stream.__new__(__torch__.torch.classes.cuda.Stream)
    _0 = (stream).__init__(torch.device(device), 0)
    ops.cuda.set_stream(stream)
    return 0
  def synchronize(self: __torch__.Cuda, device: str) -> int:
    ops.cuda.synchronize(torch.device(device))
    return 0
