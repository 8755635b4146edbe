package folio.runtime.cuda;

import ai.djl.Device;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;

/** A device's functions, loaded from what {@link Nvrtc} made. Safe for any thread. */
public final class CudaModule implements AutoCloseable {
  private static final int MAX_DYNAMIC_SHARED_BYTES = 8;

  private final Driver driver;
  private final int device;
  private final Pointer module;

  private CudaModule(Driver driver, int device, Pointer module) {
    this.driver = driver;
    this.device = device;
    this.module = module;
  }

  /**
   * Loads a binary; makes the device the calling thread's.
   *
   * @throws CudaException if the driver refuses it
   */
  public static CudaModule load(Device device, byte[] binary) {
    Driver driver = Driver.get();
    driver.makeCurrent(device.getDeviceId());
    return new CudaModule(driver, device.getDeviceId(), module(driver, binary));
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
   * One of its functions, which can be launched until this is closed.
   *
   * @param sharedBytes most that it is launched with
   * @throws CudaException if there is none of this name, or the device has less shared memory
   */
  public CudaKernel kernel(String name, int sharedBytes) {
    driver.makeCurrent(device);
    PointerByReference function = new PointerByReference();
    driver.call("cuModuleGetFunction", function, module, name);
    driver.call("cuFuncSetAttribute", function.getValue(), MAX_DYNAMIC_SHARED_BYTES, sharedBytes);
    return new CudaKernel(driver, function.getValue());
  }

  /** Unloads it, on any thread; nothing on the device may run its functions any more. */
  @Override
  public void close() {
    driver.makeCurrent(device);
    driver.call("cuModuleUnload", module);
  }
}
