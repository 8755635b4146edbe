package folio.inference.fused;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaKernel;
import folio.runtime.cuda.CudaMemory;
import folio.runtime.cuda.CudaModule;
import folio.runtime.cuda.CudaStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * A network on a GPU: its packed weights and the persistent kernel that was compiled for its shape.
 * Any number of workers may launch it, each on a stream of its own.
 */
final class FusedModel implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(FusedModel.class);

  private final Device device;
  private final KernelLayout layout;
  private final int slots;
  private final CudaKernel smallBatch;
  private final CudaKernel largeBatch;

  /** The weights, in the order of {@code struct Launch}. */
  private final List<CudaMemory> weights = new ArrayList<>();

  /** The module and the weights; {@link #close} frees them. */
  private final List<AutoCloseable> resources = new ArrayList<>();

  /**
   * Copies a network's weights to its device and loads the kernel.
   *
   * @param manager the parent of temporary arrays, on the network's device
   * @param characters the number of ids that can be drawn; larger ids cannot
   * @throws UnsupportedNetworkException if a weight exceeds the range of float16
   * @throws CudaException if the device has too little memory, or if the driver rejects the kernel
   */
  FusedModel(NDManager manager, CharGru network, int characters, CompiledKernel kernel) {
    this.device = manager.getDevice();
    this.layout = kernel.layout();
    this.slots = kernel.slots();
    try (NDManager scratch = manager.newSubManager()) {
      CudaModule module = CudaModule.load(device, kernel.binary());
      resources.add(module);
      this.smallBatch = module.kernel("decodeSmallBatch", sharedBytes(1));
      this.largeBatch = module.kernel("decodeLargeBatch", sharedBytes(slots));
      WeightPacker packer = new WeightPacker(layout, network, scratch);
      copy(packer.matrices());
      copy(packer.inputTable());
      copy(packer.biases());
      copy(packer.head());
      copy(packer.headBias(characters));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void copy(ByteBuffer packed) {
    CudaMemory memory = CudaMemory.of(device, packed);
    weights.add(memory);
    resources.add(memory);
  }

  Device device() {
    return device;
  }

  KernelLayout layout() {
    return layout;
  }

  /** Returns the largest number of streams of a launch. */
  int slots() {
    return slots;
  }

  private int sharedBytes(int streams) {
    return layout.sharedBytes(KernelLayout.wholeTiles(streams));
  }

  /**
   * Launches the kernel.
   *
   * @param blocks the layout's number of blocks; a test launches fewer
   */
  void launch(CudaStream stream, int blocks, LaunchStruct launch) {
    (KernelLayout.isSmallBatch(launch.count()) ? smallBatch : largeBatch)
        .launchCooperatively(
            stream,
            blocks,
            KernelLayout.THREADS,
            sharedBytes(launch.count()),
            launch.encode(weights));
  }

  /** Frees the weights and the kernel. No worker may launch the kernel any more. */
  @Override
  public void close() {
    for (AutoCloseable resource : resources) {
      try {
        resource.close();
      } catch (Exception e) {
        LOG.error("Part of a model not freed", e); // free the other parts
      }
    }
    resources.clear();
  }
}
