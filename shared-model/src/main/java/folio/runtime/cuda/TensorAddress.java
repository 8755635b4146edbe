package folio.runtime.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/** Where libtorch keeps the numbers of an array, which DJL tells of a CPU's only. */
public final class TensorAddress {
  /** {@code float* at::TensorBase::data_ptr<float>() const}. */
  private static final String DATA = "_ZNK2at10TensorBase8data_ptrIfEEPT_v";

  private TensorAddress() {}

  private static final class Holder {
    static final Function FUNCTION = NativeLibrary.getInstance("libtorch_cpu.so").getFunction(DATA);
  }

  /**
   * Looks for the function that tells.
   *
   * @throws CudaException if libtorch does not have it
   */
  public static void check() {
    try {
      Holder.FUNCTION.getName();
    } catch (LinkageError e) {
      throw new CudaException("libtorch does not tell where an array is: " + e, e);
    }
  }

  /**
   * The address of an array's first number, valid as long as the array is.
   *
   * @param array float32, its numbers without gaps
   */
  static long of(NDArray array) {
    if (array.getDataType() != DataType.FLOAT32) {
      throw new IllegalArgumentException("an array is of " + array.getDataType());
    }
    Pointer handle = new Pointer(((PtNDArray) array).getHandle()); // points at an at::Tensor
    return Pointer.nativeValue(Holder.FUNCTION.invokePointer(new Object[] {handle}));
  }
}
