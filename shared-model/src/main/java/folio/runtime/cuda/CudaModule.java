package folio.runtime.cuda;

import ai.djl.Device;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;

/** A binary of {@link Nvrtc}, loaded on a device. Safe for use by any thread. */
public final class CudaModule implements AutoCloseable {
  /** {@code CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES}. */
  private static final int ATTRIBUTE_MAX_DYNAMIC_SHARED_BYTES = 8;

  private final Driver driver;
  private final int device;
  private final Pointer module;

  private CudaModule(Driver driver, int device, Pointer module) {
    this.driver = driver;
    this.device = device;
    this.module = module;
  }

  /**
   * Loads a binary. Makes the device's context current on the calling thread if the thread has
   * none. The caller closes the module.
   *
   * @throws CudaException if the driver returns an error, for instance because it is older than the
   *     compiler of the binary
   */
  public static CudaModule load(Device device, byte[] binary) {
    Driver driver = Driver.get();
    driver.makeCurrent(device.getDeviceId());
    return new CudaModule(driver, device.getDeviceId(), module(driver, binary));
  }

  /**
   * Checks that a binary can be loaded on the calling thread's device.
   *
   * @throws CudaException if it cannot
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
   * Returns a kernel of this module, which can be launched until the module is closed.
   *
   * @param sharedBytes the largest dynamic shared memory of a launch, in bytes of a block
   * @throws CudaException if the module has no kernel of this name, or if the device has less
   *     shared memory
   */
  public CudaKernel kernel(String name, int sharedBytes) {
    driver.makeCurrent(device);
    PointerByReference function = new PointerByReference();
    driver.call("cuModuleGetFunction", function, module, name);
    driver.call(
        "cuFuncSetAttribute", function.getValue(), ATTRIBUTE_MAX_DYNAMIC_SHARED_BYTES, sharedBytes);
    return new CudaKernel(driver, function.getValue());
  }

  /** Unloads the module, on any thread. No work on the device may run its kernels any more. */
  @Override
  public void close() {
    driver.makeCurrent(device);
    driver.call("cuModuleUnload", module);
  }
}
