package folio.trainer.group;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaStream;
import folio.runtime.cuda.TensorAddress;
import java.util.List;

/**
 * An exchange by NCCL, which libtorch for GPUs contains. Sums run on a stream of their own, while
 * the device computes further gradients, and may be captured in a CUDA graph.
 *
 * @see <a href="https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/api.html">NCCL</a>
 */
final class NcclExchange implements GradientExchange {
  private static final int FLOAT32 = 7;
  private static final int SUM = 0;
  private static final int ID_BYTES = 128;

  /** {@code ncclInProgress}. */
  private static final int IN_PROGRESS = 7;

  private static final int POLL_MILLIS = 1000;

  /** {@code ncclUniqueId}, which is passed by value. */
  @Structure.FieldOrder("internal")
  public static final class UniqueId extends Structure implements Structure.ByValue {
    public byte[] internal = new byte[ID_BYTES];
  }

  private final NativeLibrary library;
  private final Device device;
  private final int size;
  private final Pointer communicator;
  private final CudaStream stream;
  private boolean closed;

  /**
   * Joins the communicator of a group; returns when all processes have.
   *
   * @param device the GPU of this process
   * @throws CudaException if there is no NCCL, or if it returns an error
   */
  NcclExchange(ProcessGroup group, Device device) {
    this.library = library();
    this.device = device;
    this.size = group.membership().size();
    this.stream = CudaStream.create(device); // makes the device current, which NCCL takes
    UniqueId id = new UniqueId();
    if (group.membership().leads()) {
      id.write();
      call("ncclGetUniqueId", id.getPointer());
      id.read();
    }
    id.internal = group.broadcast(id.internal);
    PointerByReference joined = new PointerByReference();
    call("ncclCommInitRank", joined, size, id, group.membership().rank());
    this.communicator = joined.getValue();
    Thread watch = new Thread(() -> watch(group), "group-nccl-errors");
    watch.setDaemon(true);
    watch.start();
  }

  /**
   * Reports an error of the communicator. The training thread does not see it: it may wait for ever
   * for a sum that does not come.
   */
  private void watch(ProcessGroup group) {
    try {
      while (true) {
        Thread.sleep(POLL_MILLIS);
        synchronized (this) {
          if (closed) {
            return;
          }
          IntByReference error = new IntByReference();
          call("ncclCommGetAsyncError", communicator, error);
          if (error.getValue() != 0 && error.getValue() != IN_PROGRESS) {
            closed = true;
            group.fail("NCCL failed: " + text(error.getValue()));
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns the library that has NCCL's functions: its own, or libtorch's. */
  private static NativeLibrary library() {
    for (String name : List.of("libnccl.so.2", "libtorch_cuda.so")) {
      try {
        NativeLibrary library = NativeLibrary.getInstance(name);
        library.getFunction("ncclAllReduce");
        return library;
      } catch (UnsatisfiedLinkError e) {
        // the next one
      }
    }
    throw new CudaException("neither libnccl.so.2 nor libtorch_cuda.so has NCCL's functions");
  }

  private void call(String function, Object... arguments) {
    int error = library.getFunction(function).invokeInt(arguments);
    if (error != 0) {
      throw new CudaException(function + " returned " + error + ": " + text(error));
    }
  }

  private String text(int error) {
    return library
        .getFunction("ncclGetErrorString")
        .invokePointer(new Object[] {error})
        .getString(0);
  }

  @Override
  public void add(NDArray values) {
    stream.waitFor(CudaStream.ofThread(device));
    Pointer address = new Pointer(TensorAddress.of(values));
    call(
        "ncclAllReduce",
        address,
        address,
        values.size(),
        FLOAT32,
        SUM,
        communicator,
        new Pointer(stream.address()));
  }

  @Override
  public void complete() {
    CudaStream.ofThread(device).waitFor(stream);
  }

  @Override
  public int size() {
    return size;
  }

  /** Leaves the communicator. No work on the device may use it any more. */
  @Override
  public synchronized void close() {
    closed = true;
    call("ncclCommDestroy", communicator);
  }
}
