package folio.runtime.cuda;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The CUDA driver, and the function of libtorch that sets its current stream. Safe for use by any
 * thread.
 *
 * @see <a href="https://docs.nvidia.com/cuda/cuda-driver-api/">CUDA driver API</a>
 */
final class Driver {
  /** {@code c10::cuda::setCurrentCUDAStream(CUDAStream)}; the argument is a device and a handle. */
  private static final String SET_STREAM = "_ZN3c104cuda20setCurrentCUDAStreamENS0_10CUDAStreamE";

  private static final long CUDA_DEVICE_TYPE = 1;

  /** The native libraries, or a test's replacement of them. */
  interface Library {
    /** Calls a driver function and returns its error code; 0 is success. */
    int invoke(String function, Object... arguments);

    /** Sets the stream that libtorch uses for the calling thread; null is the default stream. */
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

  /** The driver that a test has set, or null. */
  private static volatile Driver replacement;

  private final Library library;
  private final ConcurrentHashMap<Integer, Pointer> contexts = new ConcurrentHashMap<>();

  private Driver(Library library) {
    this.library = library;
  }

  /** Replaces the native libraries, for tests; null restores them. */
  static void replace(Library library) {
    replacement = library == null ? null : new Driver(library);
  }

  /**
   * Returns the driver of this machine, or a test's replacement. libtorch must be loaded.
   *
   * @throws CudaException if the machine has no CUDA driver, or libtorch lacks the function
   */
  static Driver get() {
    Driver replaced = replacement;
    if (replaced != null) {
      return replaced;
    }
    try {
      return Holder.DRIVER;
    } catch (LinkageError e) {
      throw new CudaException("the CUDA driver cannot be called: " + e, e);
    }
  }

  /**
   * Calls a driver function.
   *
   * @throws CudaException if it returns an error; the message has the function's name
   */
  void call(String function, Object... arguments) {
    int error = tryCall(function, arguments);
    if (error != 0) {
      PointerByReference name = new PointerByReference();
      boolean known = tryCall("cuGetErrorName", error, name) == 0;
      throw new CudaException(
          function + " returned " + (known ? name.getValue().getString(0) : "error " + error));
    }
  }

  /**
   * Makes a device's primary context, which libtorch uses, current on the calling thread. It does
   * not synchronize, which is illegal while kernels are recorded.
   */
  void makeCurrent(int device) {
    Pointer wanted = contexts.computeIfAbsent(device, this::primaryContext);
    PointerByReference current = new PointerByReference();
    call("cuCtxGetCurrent", current);
    if (!wanted.equals(current.getValue())) {
      call("cuCtxSetCurrent", wanted);
    }
  }

  private Pointer primaryContext(int device) {
    PointerByReference context = new PointerByReference();
    call("cuDevicePrimaryCtxRetain", context, device);
    return context.getValue();
  }

  /** Calls a driver function and returns its error code; 0 is success. */
  int tryCall(String function, Object... arguments) {
    return library.invoke(function, arguments);
  }

  /** Sets the stream that libtorch uses for the calling thread; null is the default stream. */
  void use(int device, Pointer stream) {
    library.use(device, stream);
  }
}
