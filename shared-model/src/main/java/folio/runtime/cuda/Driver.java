package folio.runtime.cuda;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.concurrent.ConcurrentHashMap;

/**
 * CUDA's driver, and the one function of libtorch's that tells it what stream of the driver's to
 * use. Safe for any thread.
 *
 * @see <a href="https://docs.nvidia.com/cuda/cuda-driver-api/">CUDA driver API</a>
 */
final class Driver {
  /** {@code c10::cuda::setCurrentCUDAStream(CUDAStream)}: two words, a device and a handle. */
  private static final String SET_STREAM = "_ZN3c104cuda20setCurrentCUDAStreamENS0_10CUDAStreamE";

  private static final long CUDA_DEVICE_TYPE = 1;

  /** What is called: the libraries, or what a test has in their place. */
  interface Library {
    /** Calls a function of the driver's; 0 is success. */
    int invoke(String function, Object... arguments);

    /** Has libtorch use a stream for what the calling thread asks for; null is the default one. */
    void use(int device, Pointer stream);
  }

  private static final class Libraries implements Library {
    private final NativeLibrary driver = NativeLibrary.getInstance("libcuda.so.1");
    private final ConcurrentHashMap<String, Function> functions = new ConcurrentHashMap<>();
    private final Function setStream =
        NativeLibrary.getInstance("libc10_cuda.so").getFunction(SET_STREAM);

    @Override
    public int invoke(String function, Object... arguments) {
      return functions.computeIfAbsent(function, driver::getFunction).invokeInt(arguments);
    }

    @Override
    public void use(int device, Pointer stream) {
      setStream.invokeVoid(
          new Object[] {CUDA_DEVICE_TYPE | (long) device << 8, Pointer.nativeValue(stream)});
    }
  }

  private static final class Holder {
    static final Driver DRIVER = new Driver(new Libraries());
  }

  /** A test's, in the place of this machine's. */
  private static volatile Driver replacement;

  private final Library library;
  private final ConcurrentHashMap<Integer, Pointer> contexts = new ConcurrentHashMap<>();

  private Driver(Library library) {
    this.library = library;
  }

  /** For tests: what is called from now on; null for this machine's driver. */
  static void replace(Library library) {
    replacement = library == null ? null : new Driver(library);
  }

  /**
   * The driver of this machine; libtorch must be loaded.
   *
   * @throws CudaException if there is none, or libtorch does not have the function
   */
  static Driver get() {
    Driver other = replacement;
    if (other != null) {
      return other;
    }
    try {
      return Holder.DRIVER;
    } catch (LinkageError e) {
      throw new CudaException("CUDA's driver cannot be called: " + e, e);
    }
  }

  /**
   * Calls a function of the driver's.
   *
   * @throws CudaException if it answers an error
   */
  void call(String function, Object... arguments) {
    int error = answer(function, arguments);
    if (error != 0) {
      PointerByReference name = new PointerByReference();
      boolean known = answer("cuGetErrorName", error, name) == 0;
      throw new CudaException(
          function + " answers " + (known ? name.getValue().getString(0) : "error " + error));
    }
  }

  /**
   * Makes a device's context, libtorch's, the calling thread's if it has none. Waits for nothing: a
   * device must not be waited for while kernels are recorded.
   */
  void makeCurrent(int device) {
    PointerByReference context = new PointerByReference();
    call("cuCtxGetCurrent", context);
    if (context.getValue() == null) {
      call("cuCtxSetCurrent", contexts.computeIfAbsent(device, this::primaryContext));
    }
  }

  private Pointer primaryContext(int device) {
    PointerByReference context = new PointerByReference();
    call("cuDevicePrimaryCtxRetain", context, device);
    return context.getValue();
  }

  /** Calls a function of the driver's; 0 is success. */
  int answer(String function, Object... arguments) {
    return library.invoke(function, arguments);
  }

  /** Has libtorch use a stream for what the calling thread asks for; null is the default one. */
  void use(int device, Pointer stream) {
    library.use(device, stream);
  }
}
