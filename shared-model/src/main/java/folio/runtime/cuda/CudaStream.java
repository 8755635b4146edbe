package folio.runtime.cuda;

import static java.lang.System.Logger.Level.WARNING;

import ai.djl.Device;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import folio.runtime.torchscript.TorchScript;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A stream of a device: what its thread has libtorch do runs on it in order, beside what other
 * streams do. Like libtorch's own streams it lasts as long as the process.
 */
public final class CudaStream {
  private static final System.Logger LOG = System.getLogger(CudaStream.class.getName());
  private static final ThreadLocal<CudaStream> CURRENT = new ThreadLocal<>();

  /** Of every device, where tasks are recorded that are launched on the default stream. */
  private static final Map<Device, CudaStream> APART = new ConcurrentHashMap<>();

  /** Does not wait for the default stream. */
  private static final int NON_BLOCKING = 1;

  /** What other threads and libtorch's allocator ask for meanwhile does no harm to a recording. */
  private static final int CAPTURE_RELAXED = 2;

  private final Driver driver;
  private final Pointer handle;

  private CudaStream(Driver driver, Pointer handle) {
    this.driver = driver;
    this.handle = handle;
  }

  private static final class ScriptHolder {
    static final TorchScript SCRIPT = TorchScript.load(CudaStream.class, "Cuda", "cuda.py");
  }

  /** Waits until a device has done everything that any stream has asked it for. */
  public static void synchronize(Device device) {
    ScriptHolder.SCRIPT.run("synchronize", "cuda:" + device.getDeviceId()).close();
  }

  /**
   * Gives the calling thread a stream of its own, if it has none.
   *
   * @throws CudaException if the driver or libtorch refuses it: the thread then has a stream of
   *     libtorch's, on which nothing can be recorded
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
   * The one on which libtorch does what a thread without a stream of its own asks for. Others of
   * this class do not wait for it.
   */
  public static CudaStream standard(Device device) {
    Driver driver = Driver.get();
    driver.makeCurrent(device.getDeviceId());
    return new CudaStream(driver, null);
  }

  private static CudaStream create(Device device) {
    Driver driver = Driver.get();
    synchronize(device); // makes the device's context the thread's
    PointerByReference handle = new PointerByReference();
    driver.call("cuStreamCreate", handle, NON_BLOCKING);
    return new CudaStream(driver, handle.getValue());
  }

  /** For tests: gives the calling thread a stream of whatever the driver is, or takes it away. */
  static void replaceCurrent(Pointer handle) {
    CURRENT.set(handle == null ? null : new CudaStream(Driver.get(), handle));
  }

  /** The driver's own name for it. */
  Pointer handle() {
    return handle;
  }

  /**
   * Waits until it has done everything that it was asked for.
   *
   * @throws CudaException if something of it failed
   */
  public void synchronize() {
    driver.call("cuStreamSynchronize", handle);
  }

  /** The calling thread's, or null if it has none that can record. */
  public static CudaStream current() {
    return CURRENT.get();
  }

  /**
   * Records the kernels that a task launches on this stream, which do not run. Every array that
   * they read or write must stay where it is as long as the graph is used.
   *
   * @return the graph, to be launched on this stream
   * @throws CudaException if the driver refuses it; the stream can be used as before
   */
  public CudaGraph record(Runnable kernels) {
    return new CudaGraph(driver, capture(kernels), handle);
  }

  /**
   * Runs a task on a stream that nothing but such tasks uses, then records it there. What libtorch
   * allocates for it meanwhile and frees again is therefore never given to anything that runs at
   * the same time, unless the device runs out of memory: libtorch then gives back what it has in
   * reserve. Close the graph before anything that may need more memory than there is.
   *
   * @return the graph, to be launched on the default stream; null if it cannot be recorded, for the
   *     reason that is logged: the task has been run all the same
   */
  public static CudaGraph runAndRecord(Device device, Runnable kernels) {
    CudaStream apart;
    try {
      apart = APART.computeIfAbsent(device, CudaStream::create);
    } catch (CudaException e) {
      kernels.run();
      return unrecorded(e);
    }
    synchronize(device); // what the task reads was written on the default stream
    apart.driver.use(device.getDeviceId(), apart.handle);
    try {
      kernels.run();
      return new CudaGraph(apart.driver, apart.capture(kernels), null);
    } catch (CudaException e) {
      return unrecorded(e);
    } finally {
      synchronize(device);
      apart.driver.use(device.getDeviceId(), null);
    }
  }

  private static CudaGraph unrecorded(CudaException e) {
    LOG.log(WARNING, "kernels are launched one by one, not as a CUDA graph: " + e.getMessage());
    return null;
  }

  private Pointer capture(Runnable kernels) {
    PointerByReference graph = new PointerByReference();
    driver.call("cuStreamBeginCapture_v2", handle, CAPTURE_RELAXED);
    try {
      kernels.run();
    } catch (RuntimeException | Error e) {
      driver.answer("cuStreamEndCapture", handle, graph); // it fails too, and ends the recording
      throw new CudaException("something cannot be recorded: " + e, e);
    }
    driver.call("cuStreamEndCapture", handle, graph);
    try {
      PointerByReference executable = new PointerByReference();
      driver.call("cuGraphInstantiateWithFlags", executable, graph.getValue(), 0L);
      return executable.getValue();
    } finally {
      driver.answer("cuGraphDestroy", graph.getValue());
    }
  }
}
