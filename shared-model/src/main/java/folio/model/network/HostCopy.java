package folio.model.network;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.function.Function;

/**
 * Copies of arrays' values in Java. DJL reads an array on a GPU through a copy on the host and
 * leaves that copy to the array's manager; reading a long-lived array in a loop therefore fills the
 * memory. These methods release the copy. They wait for the device.
 */
public final class HostCopy {
  private HostCopy() {}

  /** Returns the values of a float32 array in row-major order. */
  public static float[] floats(NDArray array) {
    return read(array, NDArray::toFloatArray);
  }

  /** Returns the values of an int64 array in row-major order. */
  public static long[] longs(NDArray array) {
    return read(array, NDArray::toLongArray);
  }

  /** Returns the bytes of an array of any type, in the byte order of this machine. */
  public static byte[] bytes(NDArray array) {
    return read(array, NDArray::toByteArray);
  }

  /** Returns the value of a float32 array that has one element. */
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
