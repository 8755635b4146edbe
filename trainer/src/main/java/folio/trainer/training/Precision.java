package folio.trainer.training;

import ai.djl.Device;
import folio.runtime.cuda.CudaDevice;

/**
 * The data type of a step's large products and of what lies between them. In every precision, the
 * weights, the optimizer, the loss and the states that rows carry are float32, and products add in
 * float32.
 */
public enum Precision {
  /** float16 on a GPU with tensor cores, bfloat16 on a CPU that multiplies it, else float32. */
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

  /** Returns whether products of this precision are faster than those of float32 on a device. */
  public boolean isFastOn(Device device) {
    return switch (this) {
      case AUTO, FLOAT32 -> true;
      case FLOAT16 -> device.isGpu() && CudaDevice.of(device).architecture() >= VOLTA;
      case BFLOAT16 -> device.isGpu() || CpuFeatures.multipliesBfloat16();
    };
  }

  /**
   * Returns the precision that this one means on a device, which is not {@link #AUTO}.
   *
   * @throws IllegalArgumentException if the device does not have it
   */
  public Precision on(Device device) {
    if (this == AUTO) {
      Precision half = device.isGpu() ? FLOAT16 : BFLOAT16;
      return half.isFastOn(device) ? half : FLOAT32;
    }
    if (!device.isGpu() && !isFastOn(device)) {
      throw new IllegalArgumentException(
          this == FLOAT16
              ? "the precision is float16, which needs a GPU; on a CPU it must be float32, bfloat16"
                  + " or auto"
              : "the precision is bfloat16, which needs a GPU, or a CPU with AVX-512 BF16 or AMX; on"
                  + " this CPU it must be float32 or auto");
    }
    return this;
  }
}
