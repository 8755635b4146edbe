package folio.model.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.Map;
import java.util.TreeMap;

/**
 * CUDA's driver on the host, in the place of the machine's until closed: a device's memory is the
 * host's, and a kernel is what a test says. A copy that leaves what was allocated, and memory that
 * is freed twice, are errors. For one test and thread at a time.
 */
public final class FakeDriver implements Driver.Library, AutoCloseable {
  private static final int OUT_OF_MEMORY = 2;
  private static final Pointer SOMETHING = new Pointer(1);

  /** Runs in the place of a kernel. */
  @FunctionalInterface
  public interface Kernel {
    void run(Launch launch);
  }

  /** What a kernel is launched with. */
  public record Launch(int blocks, int threads, int sharedBytes, Pointer arguments) {
    /** An argument that is an address or another word of eight bytes. */
    public long word(int index) {
      return arguments.getPointer((long) index * Native.POINTER_SIZE).getLong(0);
    }

    /** An argument that is an int. */
    public int number(int index) {
      return arguments.getPointer((long) index * Native.POINTER_SIZE).getInt(0);
    }

    /** What an argument points at. */
    public Pointer memory(int index) {
      return new Pointer(word(index));
    }
  }

  private final Kernel kernel;
  private final TreeMap<Long, Memory> allocated = new TreeMap<>();
  private final Memory errorName = new Memory(32);
  private String failing;
  private int callsUntilFailure;

  /** Takes the machine's driver's place; the thread has a stream. */
  public FakeDriver(Kernel kernel) {
    this.kernel = kernel;
    errorName.setString(0, "CUDA_ERROR_OUT_OF_MEMORY");
    Driver.replace(this);
    CudaStream.replaceCurrent(SOMETHING);
  }

  /** A function answers an error, once it has been called so many times. */
  public void fail(String function, int callsBefore) {
    failing = function;
    callsUntilFailure = callsBefore;
  }

  /** How many pieces of memory are allocated. */
  public int allocations() {
    return allocated.size();
  }

  @Override
  public int invoke(String function, Object... arguments) {
    if (function.equals(failing) && callsUntilFailure-- == 0) {
      return OUT_OF_MEMORY;
    }
    switch (function) {
      case "cuGetErrorName" -> ((PointerByReference) arguments[1]).setValue(errorName);
      case "cuCtxGetCurrent", "cuModuleLoadData", "cuModuleGetFunction" ->
          ((PointerByReference) arguments[0]).setValue(SOMETHING);
      case "cuDriverGetVersion" -> ((IntByReference) arguments[0]).setValue(13_000);
      case "cuMemAlloc_v2" -> {
        Memory memory = new Memory((Long) arguments[1]);
        memory.setMemory(0, memory.size(), (byte) 0x55);
        allocated.put(Pointer.nativeValue(memory), memory);
        ((LongByReference) arguments[0]).setValue(Pointer.nativeValue(memory));
      }
      case "cuMemFree_v2" -> {
        if (allocated.remove((Long) arguments[0]) == null) {
          throw new AssertionError("freed, but not allocated");
        }
      }
      case "cuMemsetD8Async" ->
          device(arguments[0], arguments[2]).setMemory(0, (Long) arguments[2], (Byte) arguments[1]);
      case "cuMemcpyHtoD_v2", "cuMemcpyHtoDAsync_v2" ->
          copy(device(arguments[0], arguments[2]), (Pointer) arguments[1], arguments[2]);
      case "cuMemcpyDtoHAsync_v2" ->
          copy((Pointer) arguments[0], device(arguments[1], arguments[2]), arguments[2]);
      case "cuMemcpyDtoDAsync_v2" -> // an array of libtorch's may be copied, which is not known
          // here
          copy(device(arguments[0], arguments[2]), new Pointer((Long) arguments[1]), arguments[2]);
      case "cuLaunchCooperativeKernel" ->
          kernel.run(
              new Launch(
                  (Integer) arguments[1],
                  (Integer) arguments[4],
                  (Integer) arguments[7],
                  (Pointer) arguments[9]));
      case "cuFuncSetAttribute", "cuModuleUnload", "cuStreamSynchronize" -> {
        // nothing to do, and done at once
      }
      default -> throw new AssertionError(function + " is not known here");
    }
    return 0;
  }

  private Pointer device(Object address, Object length) {
    Map.Entry<Long, Memory> entry = allocated.floorEntry((Long) address);
    if (entry == null
        || (Long) address + (Long) length > entry.getKey() + entry.getValue().size()) {
      throw new AssertionError(length + " bytes at " + address + " are not allocated");
    }
    return new Pointer((Long) address);
  }

  private static void copy(Pointer to, Pointer from, Object length) {
    int bytes = Math.toIntExact((Long) length);
    to.write(0, from.getByteArray(0, bytes), 0, bytes);
  }

  @Override
  public void use(int device, Pointer stream) {
    throw new AssertionError("libtorch has no streams here");
  }

  /** Gives the machine's driver its place back. */
  @Override
  public void close() {
    CudaStream.replaceCurrent(null);
    Driver.replace(null);
  }
}
