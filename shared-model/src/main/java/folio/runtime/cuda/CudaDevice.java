package folio.runtime.cuda;

import ai.djl.Device;
import com.sun.jna.ptr.IntByReference;

/**
 * What a GPU has.
 *
 * @param architecture compute capability, 90 for 9.0
 * @param multiprocessors how many blocks that need a whole one can run at once
 * @param sharedBytes most shared memory of a block
 * @param cooperative whether all blocks of a launch can be made to run at once
 * @param driver the driver's version, 13000 for CUDA 13.0
 */
public record CudaDevice(
    int architecture, int multiprocessors, int sharedBytes, boolean cooperative, int driver) {
  private static final int MULTIPROCESSORS = 16;
  private static final int MAJOR = 75;
  private static final int MINOR = 76;
  private static final int COOPERATIVE_LAUNCH = 95;
  private static final int SHARED_BYTES_OPT_IN = 97;

  /**
   * Asks the driver; makes the device the calling thread's.
   *
   * @throws CudaException if there is none, or it refuses
   */
  public static CudaDevice of(Device device) {
    Driver driver = Driver.get();
    driver.makeCurrent(device.getDeviceId());
    int handle = device.getDeviceId();
    IntByReference version = new IntByReference();
    driver.call("cuDriverGetVersion", version);
    return new CudaDevice(
        attribute(driver, MAJOR, handle) * 10 + attribute(driver, MINOR, handle),
        attribute(driver, MULTIPROCESSORS, handle),
        attribute(driver, SHARED_BYTES_OPT_IN, handle),
        attribute(driver, COOPERATIVE_LAUNCH, handle) == 1,
        version.getValue());
  }

  private static int attribute(Driver driver, int which, int device) {
    IntByReference value = new IntByReference();
    driver.call("cuDeviceGetAttribute", value, which, device);
    return value.getValue();
  }
}
