package folio.runtime.cuda;

import ai.djl.Device;
import com.sun.jna.NativeLibrary;
import com.sun.jna.ptr.IntByReference;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The properties of a GPU that decide whether and how a kernel runs on it.
 *
 * @param architecture compute capability times ten: 90 for 9.0
 * @param multiprocessors number of multiprocessors; each runs one block that needs all of it
 * @param sharedBytes largest shared memory of a block, in bytes, for a kernel that opts in
 * @param cooperative whether the GPU supports cooperative launches, whose blocks all run at once
 * @param driver the newest CUDA version that the driver supports: 13000 for CUDA 13.0
 */
public record CudaDevice(
    int architecture, int multiprocessors, int sharedBytes, boolean cooperative, int driver) {
  // Values of the driver's enum CUdevice_attribute.
  private static final int ATTRIBUTE_MULTIPROCESSORS = 16;
  private static final int ATTRIBUTE_MAJOR = 75;
  private static final int ATTRIBUTE_MINOR = 76;
  private static final int ATTRIBUTE_COOPERATIVE_LAUNCH = 95;
  private static final int ATTRIBUTE_SHARED_BYTES_OPT_IN = 97;

  /**
   * Reads the properties of a device. Makes the device's context current on the calling thread if
   * the thread has none.
   *
   * @throws CudaException if there is no driver, or if it returns an error
   */
  public static CudaDevice of(Device device) {
    Driver driver = Driver.get();
    driver.makeCurrent(device.getDeviceId());
    int handle = device.getDeviceId();
    IntByReference version = new IntByReference();
    driver.call("cuDriverGetVersion", version);
    return new CudaDevice(
        attribute(driver, ATTRIBUTE_MAJOR, handle) * 10
            + attribute(driver, ATTRIBUTE_MINOR, handle),
        attribute(driver, ATTRIBUTE_MULTIPROCESSORS, handle),
        attribute(driver, ATTRIBUTE_SHARED_BYTES_OPT_IN, handle),
        attribute(driver, ATTRIBUTE_COOPERATIVE_LAUNCH, handle) == 1,
        version.getValue());
  }

  /**
   * Returns the newest CUDA version that the driver supports, 13000 for CUDA 13.0, or empty if this
   * machine has no driver. Works without libtorch.
   */
  public static OptionalInt driverVersion() {
    try {
      IntByReference version = new IntByReference();
      int error =
          NativeLibrary.getInstance("libcuda.so.1")
              .getFunction("cuDriverGetVersion")
              .invokeInt(new Object[] {version});
      return error == 0 ? OptionalInt.of(version.getValue()) : OptionalInt.empty();
    } catch (LinkageError e) {
      return OptionalInt.empty();
    }
  }

  /** Returns CUDA's runtime, by which DJL finds a GPU, or empty if DJL will not find it. */
  public static Optional<Path> runtimeLibrary() {
    try {
      return Optional.of(NativeLibrary.getInstance("cudart").getFile().toPath());
    } catch (LinkageError e) {
      return Optional.empty();
    }
  }

  private static int attribute(Driver driver, int attribute, int device) {
    IntByReference value = new IntByReference();
    driver.call("cuDeviceGetAttribute", value, attribute, device);
    return value.getValue();
  }
}
