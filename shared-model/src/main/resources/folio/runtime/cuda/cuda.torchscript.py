# Functions of libtorch for CUDA that DJL does not offer.
#
# This is not a Python module. It is TorchScript in the form in which torch.jit.save writes a module's code.
# folio.runtime.cuda.CudaStream loads it, by folio.runtime.torchscript.TorchScript, which describes the dialect.


class Cuda(Module):
  __parameters__ = []
  __buffers__ = []

  # Makes a stream of libtorch's pool, of priority 0, the calling thread's current stream. A device is "cuda:0", say.
  def enter_stream(self: __torch__.Cuda, device: str) -> int:
    stream = __torch__.torch.classes.cuda.Stream.__new__(__torch__.torch.classes.cuda.Stream)
    _0 = (stream).__init__(torch.device(device), 0)
    ops.cuda.set_stream(stream)
    return 0

  # Waits until a device has done the work of all streams.
  def synchronize(self: __torch__.Cuda, device: str) -> int:
    ops.cuda.synchronize(torch.device(device))
    return 0
