package folio.model.cuda;

import ai.djl.Device;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** A function that runs on a device. Safe for any thread that has the device's context. */
public final class CudaKernel implements AutoCloseable {
  private static final int MOST_DYNAMIC_SHARED_BYTES = 8;

  private final Driver driver;
  private final int device;
  private final Pointer module;
  private final Pointer function;

  private CudaKernel(Driver driver, int device, Pointer module, Pointer function) {
    this.driver = driver;
    this.device = device;
    this.module = module;
    this.function = function;
  }

  /**
   * Checks that a binary can be loaded on the calling thread's device.
   *
   * @throws CudaException if the driver refuses it
   */
  public static void check(byte[] binary) {
    Driver driver = Driver.get();
    driver.call("cuModuleUnload", module(driver, binary));
  }

  private static Pointer module(Driver driver, byte[] binary) {
    Memory image = new Memory(binary.length);
    image.write(0, binary, 0, binary.length);
    PointerByReference module = new PointerByReference();
    driver.call("cuModuleLoadData", module, image);
    return module.getValue();
  }

  /**
   * Loads a function; makes the device the calling thread's.
   *
   * @param binary what {@link Nvrtc} made for this device
   * @param sharedBytes most that it is launched with
   * @throws CudaException if the driver refuses it
   */
  public static CudaKernel load(Device device, byte[] binary, String name, int sharedBytes) {
    Driver driver = Driver.get();
    driver.makeCurrent(device.getDeviceId());
    Pointer module = module(driver, binary);
    try {
      PointerByReference function = new PointerByReference();
      driver.call("cuModuleGetFunction", function, module, name);
      driver.call(
          "cuFuncSetAttribute", function.getValue(), MOST_DYNAMIC_SHARED_BYTES, sharedBytes);
      return new CudaKernel(driver, device.getDeviceId(), module, function.getValue());
    } catch (RuntimeException e) {
      driver.answer("cuModuleUnload", module);
      throw e;
    }
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

  /** Unloads it, on any thread; nothing on the device may run it any more. */
  @Override
  public void close() {
    driver.makeCurrent(device);
    driver.call("cuModuleUnload", module);
  }
}
