# Functions of libtorch for CUDA that DJL does not offer.
#
# This is TorchScript, not a Python module; folio.runtime.torchscript.TorchScript describes the dialect.
# folio.runtime.cuda.CudaStream loads it.


class Cuda(Module):
  __parameters__ = []
  __buffers__ = []

  # Makes a stream of libtorch's pool, of priority 0, the calling thread's current stream. A device is "cuda:0", say.
  # Like torch.jit.save, it writes Stream(device, priority) as a call of __new__ and one of __init__.
  def enter_stream(self: __torch__.Cuda, device: str) -> int:
    stream = __torch__.torch.classes.cuda.Stream.__new__(__torch__.torch.classes.cuda.Stream)
    _0 = (stream).__init__(torch.device(device), 0)
    ops.cuda.set_stream(stream)
    return 0

  # Waits until a device has done the work of all streams.
  def synchronize(self: __torch__.Cuda, device: str) -> int:
    ops.cuda.synchronize(torch.device(device))
    return 0
