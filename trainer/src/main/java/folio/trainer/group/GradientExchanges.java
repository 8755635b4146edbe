package folio.trainer.group;

import ai.djl.Device;

/** Selects the exchange of gradients for a device. */
public final class GradientExchanges {
  private GradientExchanges() {}

  /**
   * Returns an exchange by NCCL for GPUs, or through the group's connections for CPUs. All
   * processes call it at the same time.
   *
   * @param group the processes; it stays open
   * @param device the device of this process
   * @throws folio.runtime.cuda.CudaException if there is no NCCL, or if it returns an error
   */
  public static GradientExchange between(ProcessGroup group, Device device) {
    return device.isGpu() ? new NcclExchange(group, device) : new SocketExchange(group);
  }
}
