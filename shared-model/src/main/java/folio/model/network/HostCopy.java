package folio.model.network;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.function.Function;

/**
 * Values of arrays, in Java. DJL reads an array of a GPU by way of a copy on the host, which it
 * leaves to the array's manager: read in a loop, an array that is kept fills the memory. Here
 * nothing is left. Waits for the device.
 */
public final class HostCopy {
  private HostCopy() {}

  /** The values of a float32 array, the last dimension first to vary. */
  public static float[] floats(NDArray array) {
    return read(array, NDArray::toFloatArray);
  }

  /** The values of an int64 array, the last dimension first to vary. */
  public static long[] longs(NDArray array) {
    return read(array, NDArray::toLongArray);
  }

  /** The values of an array of any type, in the byte order of this machine. */
  public static byte[] bytes(NDArray array) {
    return read(array, NDArray::toByteArray);
  }

  /** The value of a float32 array that has one. */
  public static float number(NDArray array) {
    return floats(array)[0];
  }

  private static <T> T read(NDArray array, Function<NDArray, T> reader) {
    if (!array.getDevice().isGpu()) {
      return reader.apply(array);
    }
    try (NDManager scope = array.getManager().newSubManager()) {
      NDArray host = array.toDevice(Device.cpu(), true);
      host.attach(scope);
      return reader.apply(host);
    }
  }
}
