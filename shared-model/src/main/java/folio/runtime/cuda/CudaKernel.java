package folio.runtime.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * A kernel of a {@link CudaModule}, which must stay open while the kernel is used. Safe for use by
 * any thread on which the device's context is current.
 */
public final class CudaKernel {
  private final Driver driver;
  private final Pointer function;

  CudaKernel(Driver driver, Pointer function) {
    this.driver = driver;
    this.function = function;
  }

  /**
   * Launches the kernel cooperatively: all its blocks run at once, so they may wait for each other.
   *
   * @param threads number of threads of a block
   * @param sharedBytes dynamic shared memory of a block, in bytes
   * @param parameter the bytes of the kernel's only parameter, a struct
   * @throws CudaException if the driver returns an error, for instance because the blocks do not
   *     fit on the device at once
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
      Reference.reachabilityFence(struct); // "parameters" holds only its address
    }
  }
}
