package folio.runtime.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;

/**
 * A CUDA driver on the host that replaces the machine's until it is closed. Device memory is host
 * memory, and the test supplies the kernel. Queued work runs when the stream is synchronized. The
 * fake throws on a copy outside allocated memory, on memory that is freed twice, and on memory or a
 * module that is freed while work is queued. One test and thread may use it at a time.
 */
public final class FakeDriver implements Driver.Library, AutoCloseable {
  /** The properties of an H100. */
  public static final CudaDevice HOPPER = new CudaDevice(90, 132, 232_448, true, 13_000);

  private static final int OUT_OF_MEMORY = 2;

  /** {@code CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES}. */
  private static final int MAX_DYNAMIC_SHARED_BYTES = 8;

  /** A handle of whatever the driver creates. */
  private static final Pointer HANDLE = new Pointer(1);

  /** The address of the context of device 0. A CPU has the number -1. */
  private static final long CONTEXTS = 100;

  /** The test's replacement of a kernel. */
  @FunctionalInterface
  public interface Kernel {
    void run(Launch launch);
  }

  /** The arguments of a launch. */
  public record Launch(
      String function, int blocks, int threads, int sharedBytes, Pointer parameter) {
    /** Returns an int of the parameter, by its offset in bytes. */
    public int number(int offset) {
      return parameter.getInt(offset);
    }

    /** Returns the memory that an address of the parameter points at. */
    public Pointer memory(int offset) {
      return new Pointer(parameter.getLong(offset));
    }
  }

  private final CudaDevice gpu;
  private final Kernel kernel;
  private final long parameterBytes;
  private final TreeMap<Long, Memory> allocated = new TreeMap<>();
  private final Queue<Runnable> queued = new ArrayDeque<>();
  private final List<String> functions = new ArrayList<>();
  private final List<Integer> maxSharedBytes = new ArrayList<>();
  private final Memory errorName = new Memory(32);
  private String failing;
  private int callsUntilFailure;
  private int modules;
  private int maxActiveClusters = 7;
  private int registers = 168;
  private boolean atOnce;

  /** The current context. */
  private Pointer context;

  /**
   * Replaces the machine's driver and gives the calling thread a stream.
   *
   * @param gpu the properties that the driver reports
   * @param parameterBytes size of the kernel's only parameter
   */
  public FakeDriver(CudaDevice gpu, Kernel kernel, long parameterBytes) {
    this.gpu = gpu;
    this.parameterBytes = parameterBytes;
    this.kernel = kernel;
    errorName.setString(0, "CUDA_ERROR_OUT_OF_MEMORY");
    Driver.replace(this);
    CudaStream.replaceCurrent(HANDLE);
  }

  /** Makes one call of a function return an error, after a number of successful calls. */
  public void fail(String function, int callsBefore) {
    failing = function;
    callsUntilFailure = callsBefore;
  }

  /** Makes launches run at once, for kernels between operations of libtorch on the host. */
  public void runAtOnce() {
    atOnce = true;
  }

  /** Sets the number of clusters that can run at the same time; it begins as that of an H200. */
  public void setMaxActiveClusters(int clusters) {
    maxActiveClusters = clusters;
  }

  /** Sets the number of registers of a thread of any kernel. */
  public void setRegisters(int number) {
    registers = number;
  }

  /** Returns the number of allocations that are not freed. */
  public int allocations() {
    return allocated.size();
  }

  /** Returns the number of the device whose context is current. */
  public int currentDevice() {
    return (int) (Pointer.nativeValue(context) - CONTEXTS);
  }

  /** Returns the number of modules that are loaded. */
  public int modules() {
    return modules;
  }

  @Override
  public int invoke(String function, Object... arguments) {
    if (function.equals(failing) && callsUntilFailure-- == 0) {
      return OUT_OF_MEMORY;
    }
    switch (function) {
      case "cuGetErrorName" -> ((PointerByReference) arguments[1]).setValue(errorName);
      case "cuDevicePrimaryCtxRetain" ->
          ((PointerByReference) arguments[0]).setValue(new Pointer(CONTEXTS + (int) arguments[1]));
      case "cuCtxGetCurrent" -> ((PointerByReference) arguments[0]).setValue(context);
      case "cuCtxSetCurrent" -> context = (Pointer) arguments[0];
      case "cuModuleLoadData" -> {
        modules++;
        ((PointerByReference) arguments[0]).setValue(HANDLE);
      }
      case "cuModuleGetFunction" -> {
        functions.add((String) arguments[2]);
        maxSharedBytes.add(0);
        ((PointerByReference) arguments[0]).setValue(new Pointer(functions.size()));
      }
      case "cuFuncSetAttribute" -> {
        if ((Integer) arguments[1] == MAX_DYNAMIC_SHARED_BYTES) {
          maxSharedBytes.set(number((Pointer) arguments[0]), (Integer) arguments[2]);
        }
      }
      case "cuFuncGetAttribute" -> ((IntByReference) arguments[0]).setValue(registers);
      case "cuOccupancyMaxActiveClusters" ->
          ((IntByReference) arguments[0]).setValue(maxActiveClusters);
      case "cuDriverGetVersion" -> ((IntByReference) arguments[0]).setValue(gpu.driver());
      case "cuDeviceGetAttribute" ->
          ((IntByReference) arguments[0]).setValue(attribute((Integer) arguments[1]));
      case "cuMemAlloc_v2" -> {
        Memory memory = new Memory((Long) arguments[1]);
        memory.setMemory(0, memory.size(), (byte) 0x55);
        allocated.put(Pointer.nativeValue(memory), memory);
        ((LongByReference) arguments[0]).setValue(Pointer.nativeValue(memory));
      }
      case "cuMemFree_v2" -> {
        assertIdle(function);
        if (allocated.remove((Long) arguments[0]) == null) {
          throw new AssertionError("memory is freed that is not allocated");
        }
      }
      case "cuMemsetD8Async" -> {
        Pointer to = device(arguments[0], arguments[2]);
        queued.add(() -> to.setMemory(0, (Long) arguments[2], (Byte) arguments[1]));
      }
      case "cuMemcpyHtoD_v2" ->
          copy(device(arguments[0], arguments[2]), (Pointer) arguments[1], arguments[2]);
      case "cuMemcpyHtoDAsync_v2" -> {
        Pointer to = device(arguments[0], arguments[2]);
        Memory content = copyOf((Pointer) arguments[1], arguments[2]); // not pinned
        queued.add(() -> copy(to, content, arguments[2]));
      }
      case "cuMemcpyDtoHAsync_v2" -> {
        Pointer from = device(arguments[1], arguments[2]);
        Pointer to = (Pointer) arguments[0];
        queued.add(() -> copy(to, from, arguments[2]));
      }
      case "cuMemcpyDtoDAsync_v2" -> {
        Pointer to = device(arguments[0], arguments[2]);
        Pointer from = new Pointer((Long) arguments[1]);
        if (isAllocated((Long) arguments[1], (Long) arguments[2])) {
          queued.add(() -> copy(to, from, arguments[2]));
        } else { // libtorch keeps its memory until the stream has read it
          Memory content = copyOf(from, arguments[2]);
          queued.add(() -> copy(to, content, arguments[2]));
        }
      }
      case "cuLaunchKernel", "cuLaunchCooperativeKernel" -> {
        int number = number((Pointer) arguments[0]);
        if ((Integer) arguments[7] > maxSharedBytes.get(number)) {
          throw new AssertionError(arguments[7] + " bytes of shared memory exceed the attribute");
        }
        Launch launch =
            new Launch(
                functions.get(number),
                (Integer) arguments[1],
                (Integer) arguments[4],
                (Integer) arguments[7],
                copyOf(((PointerByReference) arguments[9]).getValue(), parameterBytes));
        if (atOnce) {
          kernel.run(launch);
        } else {
          queued.add(() -> kernel.run(launch));
        }
      }
      case "cuStreamSynchronize" -> {
        while (!queued.isEmpty()) {
          queued.remove().run();
        }
      }
      case "cuModuleUnload" -> {
        assertIdle(function);
        modules--;
      }
      default -> throw new AssertionError(function + " is not supported by the fake");
    }
    return 0;
  }

  private int attribute(int attribute) {
    return switch (attribute) {
      case 16 -> gpu.multiprocessors();
      case 75 -> gpu.architecture() / 10;
      case 76 -> gpu.architecture() % 10;
      case 95 -> gpu.cooperative() ? 1 : 0;
      case 97 -> gpu.sharedBytes();
      default ->
          throw new AssertionError("attribute " + attribute + " is not supported by the fake");
    };
  }

  private static int number(Pointer function) {
    return (int) Pointer.nativeValue(function) - 1;
  }

  private void assertIdle(String function) {
    if (!queued.isEmpty()) {
      throw new AssertionError(function + " is called while work is queued");
    }
  }

  private boolean isAllocated(long address, long length) {
    Map.Entry<Long, Memory> entry = allocated.floorEntry(address);
    return entry != null && address + length <= entry.getKey() + entry.getValue().size();
  }

  private Pointer device(Object address, Object length) {
    if (!isAllocated((Long) address, (Long) length)) {
      throw new AssertionError(length + " bytes at " + address + " are not allocated");
    }
    return new Pointer((Long) address);
  }

  private static Memory copyOf(Pointer from, Object length) {
    Memory copy = new Memory((Long) length);
    copy(copy, from, length);
    return copy;
  }

  private static void copy(Pointer to, Pointer from, Object length) {
    int bytes = Math.toIntExact((Long) length);
    to.write(0, from.getByteArray(0, bytes), 0, bytes);
  }

  @Override
  public void use(int device, Pointer stream) {
    throw new AssertionError("libtorch has no streams on the host");
  }

  /** Restores the machine's driver. */
  @Override
  public void close() {
    CudaStream.replaceCurrent(null);
    Driver.replace(null);
  }
}
