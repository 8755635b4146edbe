package folio.runtime.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/** Reads the device address of an array from libtorch; DJL returns addresses of CPU arrays only. */
public final class TensorAddress {
  /** {@code float* at::TensorBase::data_ptr<float>() const}. */
  private static final String DATA = "_ZNK2at10TensorBase8data_ptrIfEEPT_v";

  private TensorAddress() {}

  private static final class Holder {
    static final Function FUNCTION = NativeLibrary.getInstance("libtorch_cpu.so").getFunction(DATA);
  }

  /**
   * Checks that libtorch has the function that returns addresses.
   *
   * @throws CudaException if it does not
   */
  public static void check() {
    try {
      Holder.FUNCTION.getName();
    } catch (LinkageError e) {
      throw new CudaException("libtorch does not report the address of an array: " + e, e);
    }
  }

  /**
   * Returns the address of an array's first number, which is valid as long as the array is open.
   *
   * @param array float32 without gaps
   * @throws IllegalArgumentException if the array has another type
   */
  static long of(NDArray array) {
    if (array.getDataType() != DataType.FLOAT32) {
      throw new IllegalArgumentException(
          "the array is " + array.getDataType() + "; it must be FLOAT32");
    }
    Pointer handle = new Pointer(((PtNDArray) array).getHandle()); // points at an at::Tensor
    return Pointer.nativeValue(Holder.FUNCTION.invokePointer(new Object[] {handle}));
  }
}
