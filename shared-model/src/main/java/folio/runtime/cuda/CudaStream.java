package folio.runtime.cuda;

import static java.lang.System.Logger.Level.WARNING;

import ai.djl.Device;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import folio.runtime.torchscript.TorchScript;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A stream of a device. The work that its thread queues through libtorch runs on it in order, and
 * concurrently with other streams. It lasts as long as the process, like libtorch's own streams.
 */
public final class CudaStream {
  private static final System.Logger LOG = System.getLogger(CudaStream.class.getName());
  private static final ThreadLocal<CudaStream> CURRENT = new ThreadLocal<>();

  /** The streams on which {@link #runAndRecord} records, by device. */
  private static final Map<Device, CudaStream> RECORDING = new ConcurrentHashMap<>();

  /** The streams of {@link SideStream}, by device. */
  private static final Map<Device, CudaStream> SECOND = new ConcurrentHashMap<>();

  /** {@code CU_STREAM_NON_BLOCKING}: the stream does not wait for the default stream. */
  private static final int NON_BLOCKING = 1;

  /**
   * {@code CU_STREAM_CAPTURE_MODE_RELAXED}: calls of other threads and of libtorch's allocator do
   * not invalidate a recording.
   */
  private static final int CAPTURE_RELAXED = 2;

  /** {@code CU_EVENT_DISABLE_TIMING}. */
  private static final int EVENT_WITHOUT_TIMING = 2;

  private final Driver driver;
  private final Pointer handle;

  private CudaStream(Driver driver, Pointer handle) {
    this.driver = driver;
    this.handle = handle;
  }

  private static final class ScriptHolder {
    static final TorchScript SCRIPT =
        TorchScript.load(CudaStream.class, "Cuda", "cuda.torchscript.py");
  }

  /** Waits until a device has done the work of all streams. */
  public static void synchronize(Device device) {
    ScriptHolder.SCRIPT.run("synchronize", "cuda:" + device.getDeviceId()).close();
  }

  /**
   * Gives the calling thread a stream of its own if it has none.
   *
   * @throws CudaException if the driver or libtorch returns an error. The thread then uses a stream
   *     of libtorch's, on which nothing can be recorded.
   */
  public static void enter(Device device) {
    if (CURRENT.get() == null) {
      ScriptHolder.SCRIPT.run("enter_stream", "cuda:" + device.getDeviceId()).close();
      CudaStream stream = create(device);
      stream.driver.use(device.getDeviceId(), stream.handle);
      CURRENT.set(stream);
    }
  }

  /**
   * Returns the default stream of a device, on which libtorch runs the work of threads that have no
   * stream of their own. The other streams of this class do not wait for it.
   */
  public static CudaStream standard(Device device) {
    Driver driver = Driver.get();
    driver.makeCurrent(device.getDeviceId());
    return new CudaStream(driver, null);
  }

  /**
   * Returns the stream on which libtorch runs the work of the calling thread: the thread's own, the
   * one that records, or else the default stream.
   */
  public static CudaStream ofThread(Device device) {
    CudaStream own = CURRENT.get();
    return own == null ? standard(device) : own;
  }

  /**
   * Creates a stream for work that does not go through libtorch.
   *
   * @throws CudaException if the driver returns an error
   */
  public static CudaStream create(Device device) {
    Driver driver = Driver.get();
    driver.makeCurrent(device.getDeviceId());
    PointerByReference handle = new PointerByReference();
    driver.call("cuStreamCreate", handle, NON_BLOCKING);
    return new CudaStream(driver, handle.getValue());
  }

  /** Sets the calling thread's stream, for tests; null removes it. */
  static void replaceCurrent(Pointer handle) {
    CURRENT.set(handle == null ? null : new CudaStream(Driver.get(), handle));
  }

  /** Returns the driver's handle of the stream. */
  Pointer handle() {
    return handle;
  }

  /**
   * Makes the later work of this stream wait for what has been queued on another stream so far. It
   * may be recorded.
   *
   * @throws CudaException if the driver returns an error
   */
  public void waitFor(CudaStream other) {
    PointerByReference event = new PointerByReference();
    driver.call("cuEventCreate", event, EVENT_WITHOUT_TIMING);
    try {
      driver.call("cuEventRecord", event.getValue(), other.handle);
      driver.call("cuStreamWaitEvent", handle, event.getValue(), 0);
    } finally {
      driver.tryCall("cuEventDestroy_v2", event.getValue()); // once it has happened
    }
  }

  /** Returns the address of the driver's handle, for other libraries; 0 is the default stream. */
  public long address() {
    return Pointer.nativeValue(handle);
  }

  /**
   * Waits until all work that was queued on this stream has finished.
   *
   * @throws CudaException if something of it failed
   */
  public void synchronize() {
    driver.call("cuStreamSynchronize", handle);
  }

  /** Returns the calling thread's own stream, or null if it has none. */
  public static CudaStream current() {
    return CURRENT.get();
  }

  /**
   * Records the kernels that a task launches on this stream, without running them. Every array that
   * they read or write must keep its address as long as the graph is used.
   *
   * @return the graph, which launches on this stream; the caller closes it
   * @throws CudaException if the task cannot be recorded; the stream can be used as before
   */
  public CudaGraph record(Runnable kernels) {
    return new CudaGraph(driver, capture(kernels), handle);
  }

  /**
   * Runs a task on a stream that only such tasks use, then records it there. The calling thread
   * must have no stream of its own. libtorch caches freed memory by stream, so memory that the task
   * allocates and frees is not reused by concurrent work. The exception is a device that runs out
   * of memory: libtorch then releases its cached memory. Close the graph before an operation that
   * may run out of memory.
   *
   * @return the graph, which launches on the default stream and which the caller closes; null if
   *     the task cannot be recorded. The log then has the reason, and the task has run all the
   *     same.
   */
  public static CudaGraph runAndRecord(Device device, Runnable kernels) {
    CudaStream recording;
    try {
      recording = RECORDING.computeIfAbsent(device, CudaStream::create);
    } catch (CudaException e) {
      kernels.run();
      return unrecorded(e);
    }
    synchronize(device); // the default stream writes the arrays that the task reads
    recording.driver.use(device.getDeviceId(), recording.handle);
    CURRENT.set(recording);
    try {
      kernels.run();
      return recorded(recording, kernels);
    } finally {
      CURRENT.remove();
      synchronize(device);
      recording.driver.use(device.getDeviceId(), null);
    }
  }

  /**
   * Returns the side stream of the calling thread: a second stream while {@link #runAndRecord} runs
   * its task, else the thread's own.
   *
   * @throws CudaException if the driver returns an error
   */
  public static SideStream sideStream(Device device) {
    CudaStream current = CURRENT.get();
    boolean records = current != null && current == RECORDING.get(device);
    CudaStream second = records ? SECOND.computeIfAbsent(device, CudaStream::create) : null;
    return new SideStream(device, current, second);
  }

  /**
   * A stream that runs concurrently with a thread's own stream, until {@link #join}. Owned by that
   * thread.
   */
  public static final class SideStream {
    private final Device device;
    private final CudaStream first;

    /** The second stream, or null if all work runs on the thread's own stream. */
    private final CudaStream second;

    private final List<Runnable> releases = new ArrayList<>();

    private SideStream(Device device, CudaStream first, CudaStream second) {
      this.device = device;
      this.first = first;
      this.second = second;
    }

    /**
     * Runs a task, whose work waits for what the thread has queued so far. Arrays that it reads
     * must stay open until {@link #join}.
     */
    public void run(Runnable task) {
      if (second == null) {
        task.run();
        return;
      }
      second.waitFor(first);
      change(second);
      try {
        task.run();
      } finally {
        change(first);
      }
    }

    private void change(CudaStream stream) {
      stream.driver.use(device.getDeviceId(), stream.handle);
      CURRENT.set(stream);
    }

    /** Runs a task that closes arrays of earlier tasks: at once, or in {@link #join}. */
    public void release(Runnable close) {
      if (second == null) {
        close.run();
      } else {
        releases.add(close);
      }
    }

    /** Makes the thread's later work wait for that of all tasks. */
    public void join() {
      if (second != null) {
        first.waitFor(second);
        releases.forEach(Runnable::run);
        releases.clear();
      }
    }
  }

  private static CudaGraph recorded(CudaStream recording, Runnable kernels) {
    try {
      return new CudaGraph(recording.driver, recording.capture(kernels), null);
    } catch (CudaException e) {
      return unrecorded(e);
    }
  }

  private static CudaGraph unrecorded(CudaException e) {
    LOG.log(
        WARNING,
        "CUDA graph not recorded, its kernels are launched one by one error=" + e.getMessage());
    return null;
  }

  private Pointer capture(Runnable kernels) {
    PointerByReference graph = new PointerByReference();
    driver.call("cuStreamBeginCapture_v2", handle, CAPTURE_RELAXED);
    try {
      kernels.run();
    } catch (RuntimeException | Error e) {
      driver.tryCall("cuStreamEndCapture", handle, graph); // fails too, and ends the recording
      throw new CudaException("the kernels cannot be recorded: " + e, e);
    }
    driver.call("cuStreamEndCapture", handle, graph);
    try {
      PointerByReference executable = new PointerByReference();
      driver.call("cuGraphInstantiateWithFlags", executable, graph.getValue(), 0L);
      return executable.getValue();
    } finally {
      driver.tryCall("cuGraphDestroy", graph.getValue());
    }
  }
}
