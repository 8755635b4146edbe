package folio.trainer.recurrence;

import ai.djl.Device;
import folio.model.kernel.KernelCache;
import folio.model.kernel.KernelFiles;
import folio.runtime.cuda.CudaDevice;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaKernel;
import folio.runtime.cuda.CudaModule;
import folio.runtime.cuda.CudaStream;
import folio.runtime.cuda.Nvrtc;
import folio.runtime.cuda.TensorAddress;
import java.util.List;

/**
 * The kernels of {@code gru.cu} on a GPU, compiled for the layers of a network and for batches of
 * one size. Owned by the training thread.
 */
public final class LayerKernels implements AutoCloseable {
  /** The headers of {@code gru.cu}, besides those of {@link KernelFiles#SHARED}. */
  static final List<String> HEADERS =
      List.of("backward.cuh", "forward.cuh", "inbox.cuh", "layout.cuh");

  private final Device device;
  private final LayerLayout layout;
  private final CudaModule module;
  private final CudaKernel forward;
  private final CudaKernel backward;

  private LayerKernels(Device device, LayerLayout layout, byte[] binary) {
    this.device = device;
    this.layout = layout;
    this.module = CudaModule.load(device, binary);
    try {
      this.forward = kernel("forward", layout.forwardBytes());
      this.backward = kernel("backward", layout.backwardBytes());
    } catch (RuntimeException | Error e) {
      module.close();
      throw e;
    }
  }

  private CudaKernel kernel(String name, int sharedBytes) {
    CudaKernel kernel = module.kernel(name, sharedBytes);
    kernel.allowLargeClusters();
    return kernel;
  }

  /** Returns the program for the compiler. */
  static Nvrtc.Program program() {
    return KernelFiles.program(LayerKernels.class, "gru.cu", HEADERS);
  }

  /**
   * Compiles and loads the kernels.
   *
   * @param hidden the number of hidden units of every layer
   * @param batch the number of rows of a batch
   * @param brain whether a half is bfloat16 instead of float16
   * @throws CudaException if the kernels cannot run on this machine; the message says why
   */
  public static LayerKernels load(
      Device device, int hidden, int batch, boolean brain, KernelCache cache) {
    TensorAddress.check();
    CudaDevice gpu = CudaDevice.of(device);
    int most = LayerLayout.mostClusters(hidden, gpu);
    LayerLayout layout = LayerLayout.of(hidden, batch, brain, gpu, most);
    LayerKernels kernels = load(device, layout, gpu, cache);
    int clusters = Math.min(most, kernels.clusters());
    if (clusters > 0) {
      LayerLayout actual = LayerLayout.of(hidden, batch, brain, gpu, clusters);
      if (actual.equals(layout)) {
        return kernels;
      }
      kernels.close();
      return load(device, actual, gpu, cache);
    }
    kernels.close();
    throw new CudaException("the GPU cannot run a cluster of " + layout.cluster() + " blocks");
  }

  private static LayerKernels load(
      Device device, LayerLayout layout, CudaDevice gpu, KernelCache cache) {
    return new LayerKernels(device, layout, cache.binary(gpu, program(), layout.definitions()));
  }

  /** Returns the number of clusters that run at the same time. */
  private int clusters() {
    int cluster = layout.cluster();
    int threads = LayerLayout.THREADS;
    return Math.min(
        forward.maxActiveClusters(cluster, threads, layout.forwardBytes()),
        backward.maxActiveClusters(cluster, threads, layout.backwardBytes()));
  }

  /**
   * Launches the forward pass on the calling thread's stream.
   *
   * @throws CudaException if the driver returns an error
   */
  public void forward(Pass pass) {
    launch(forward, pass, layout.forwardBytes());
  }

  /**
   * Launches the backward pass on the calling thread's stream.
   *
   * @throws CudaException if the driver returns an error
   */
  public void backward(Pass pass) {
    launch(backward, pass, layout.backwardBytes());
  }

  private void launch(CudaKernel kernel, Pass pass, int sharedBytes) {
    kernel.launch(
        CudaStream.ofThread(device),
        layout.blocks(pass.rows()),
        LayerLayout.THREADS,
        sharedBytes,
        pass.encode());
  }

  /** Waits for the calling thread's stream and unloads the kernels. */
  @Override
  public void close() {
    CudaStream.ofThread(device).synchronize();
    module.close();
  }
}
