package folio.runtime.cuda;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Reads the device address of an array from libtorch; DJL returns addresses of CPU arrays only. */
public final class TensorAddress {
  /** {@code T* at::TensorBase::data_ptr<T>() const}, by the type T. */
  private static final Map<DataType, String> FUNCTIONS =
      Map.of(
          DataType.FLOAT32, "_ZNK2at10TensorBase8data_ptrIfEEPT_v",
          DataType.FLOAT16, "_ZNK2at10TensorBase8data_ptrIN3c104HalfEEEPT_v",
          // DJL's engine knows no bfloat16: it calls the type of such an array unknown.
          DataType.UNKNOWN, "_ZNK2at10TensorBase8data_ptrIN3c108BFloat16EEEPT_v");

  private static final Map<DataType, Function> LOADED = new ConcurrentHashMap<>();

  private TensorAddress() {}

  private static Function function(DataType type) {
    return LOADED.computeIfAbsent(
        type, t -> NativeLibrary.getInstance("libtorch_cpu.so").getFunction(FUNCTIONS.get(t)));
  }

  /**
   * Checks that libtorch has the functions that return addresses.
   *
   * @throws CudaException if it does not
   */
  public static void check() {
    try {
      FUNCTIONS.keySet().forEach(TensorAddress::function);
    } catch (LinkageError e) {
      throw new CudaException("libtorch does not report the address of an array: " + e, e);
    }
  }

  /**
   * Returns the address of an array's first number, which is valid as long as the array is open.
   *
   * @param array float32, float16 or bfloat16, without gaps; of types that DJL does not know, only
   *     bfloat16 is legal
   * @throws IllegalArgumentException if the array has another type
   */
  public static long of(NDArray array) {
    if (!FUNCTIONS.containsKey(array.getDataType())) {
      throw new IllegalArgumentException(
          "the array is " + array.getDataType() + "; it must be FLOAT32, FLOAT16 or bfloat16");
    }
    Pointer handle = new Pointer(((PtNDArray) array).getHandle()); // points at an at::Tensor
    Function address = function(array.getDataType());
    return Pointer.nativeValue(address.invokePointer(new Object[] {handle}));
  }
}
