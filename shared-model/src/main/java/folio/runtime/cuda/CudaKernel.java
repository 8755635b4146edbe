package folio.runtime.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * A function that runs on a device, of a {@link CudaModule}. Safe for any thread that has the
 * device's context.
 */
public final class CudaKernel {
  private final Driver driver;
  private final Pointer function;

  CudaKernel(Driver driver, Pointer function) {
    this.driver = driver;
    this.function = function;
  }

  /**
   * Launches it with all blocks at once.
   *
   * @param parameter content of the function's only one, a struct
   * @throws CudaException if the driver refuses it, as when the blocks do not fit at once
   */
  public void launchCooperatively(
      CudaStream stream, int blocks, int threads, int sharedBytes, ByteBuffer parameter) {
    Memory struct = new Memory(parameter.remaining());
    struct.getByteBuffer(0, parameter.remaining()).put(parameter.duplicate());
    PointerByReference parameters = new PointerByReference(struct);
    try {
      driver.call(
          "cuLaunchCooperativeKernel",
          function,
          blocks,
          1,
          1,
          threads,
          1,
          1,
          sharedBytes,
          stream.handle(),
          parameters);
    } finally {
      Reference.reachabilityFence(struct); // the parameters know its address, not it
    }
  }
}
