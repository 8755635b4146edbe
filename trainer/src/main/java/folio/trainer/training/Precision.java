package folio.trainer.training;

import ai.djl.Device;
import folio.runtime.cuda.CudaDevice;
import java.util.Locale;

/**
 * The data type of a step's large products and of what lies between them. In every precision, the
 * weights, the optimizer, the loss and the states that rows carry are float32, and products add in
 * float32.
 */
public enum Precision {
  /** float16 on a GPU with tensor cores, else float32. */
  AUTO(0),
  FLOAT32(6),
  FLOAT16(5),
  BFLOAT16(15);

  /** The first architecture whose tensor cores take float16. */
  private static final int VOLTA = 70;

  private final int code;

  Precision(int code) {
    this.code = code;
  }

  /** Returns libtorch's number of the data type. */
  int code() {
    return code;
  }

  boolean isHalf() {
    return this == FLOAT16 || this == BFLOAT16;
  }

  /**
   * Returns the precision that this one means on a device, which is not {@link #AUTO}.
   *
   * @throws IllegalArgumentException if the device does not have it
   */
  public Precision on(Device device) {
    if (this == AUTO) {
      return device.isGpu() && CudaDevice.of(device).architecture() >= VOLTA ? FLOAT16 : FLOAT32;
    }
    if (isHalf() && !device.isGpu()) {
      throw new IllegalArgumentException(
          "the precision is "
              + name().toLowerCase(Locale.ROOT)
              + ", which needs a GPU; on a CPU it must be float32 or auto");
    }
    return this;
  }
}
