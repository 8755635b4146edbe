package folio.inference.fused;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaKernel;
import folio.runtime.cuda.CudaMemory;
import folio.runtime.cuda.CudaModule;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;

/**
 * A network on a GPU: its packed weights and the persistent kernel that was compiled for its shape.
 * Any number of workers may launch it, each on a stream of its own.
 */
final class FusedModel implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(FusedModel.class);

  private final Device device;
  private final int characters;
  private final KernelLayout layout;
  private final int batchSlots;
  private final KernelForm smallBatch;
  private final KernelForm largeBatch;

  /** The form for many streams, or null if the model has no pipeline. */
  private KernelForm pipeline;

  private PipelineLayout pipelineLayout;
  private int pipelineSlots;

  /** The fewest streams that the pipeline decodes. */
  private int pipelineFrom = Integer.MAX_VALUE;

  /** The modules and the weights; {@link #close} frees them. */
  private final List<AutoCloseable> resources = new ArrayList<>();

  /** The resources that only the pipeline uses; they are in the list above, too. */
  private final List<AutoCloseable> pipelineResources = new ArrayList<>();

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
    this.characters = characters;
    this.layout = kernel.layout();
    this.batchSlots = kernel.slots();
    try (NDManager scratch = manager.newSubManager()) {
      CudaModule module = load(kernel.binary());
      WeightPacker packer = new WeightPacker(network, scratch);
      List<CudaMemory> weights =
          List.of(
              copy(packer.matrices(layout)),
              copy(packer.inputTable()),
              copy(packer.biases()),
              copy(packer.head()),
              copy(packer.headBias()));
      this.smallBatch = batch(module.kernel("decodeSmallBatch", sharedBytes(1)), weights);
      this.largeBatch = batch(module.kernel("decodeLargeBatch", sharedBytes(batchSlots)), weights);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private CudaModule load(byte[] binary) {
    CudaModule module = CudaModule.load(device, binary);
    resources.add(module);
    return module;
  }

  private CudaMemory copy(ByteBuffer packed) {
    CudaMemory memory = CudaMemory.of(device, packed);
    resources.add(memory);
    return memory;
  }

  private KernelForm batch(CudaKernel kernel, List<CudaMemory> weights) {
    return new KernelForm(
        kernel,
        layout.blocks(),
        KernelLayout.THREADS,
        KernelLayout::wholeTiles,
        layout::sharedBytes,
        weights);
  }

  private int sharedBytes(int streams) {
    return layout.sharedBytes(KernelLayout.wholeTiles(streams));
  }

  /**
   * Adds the pipeline. It decodes nothing until {@link #decodeByPipelineFrom} is called. No worker
   * may use the model yet.
   *
   * @param manager the parent of temporary arrays, on the network's device
   * @param network the network of the model
   * @throws CudaException if the device has too little memory, if the driver rejects the kernel, or
   *     if the kernel was compiled with too few registers
   */
  void addPipeline(NDManager manager, CharGru network, CompiledPipeline compiled) {
    PipelineLayout added = compiled.layout();
    try (NDManager scratch = manager.newSubManager()) {
      CudaModule module = load(compiled.binary());
      pipelineResources.add(module);
      List<CudaMemory> weights = new ArrayList<>(largeBatch.weights());
      CudaMemory matrices = copy(new WeightPacker(network, scratch).matrices(added));
      pipelineResources.add(matrices);
      weights.set(0, matrices);
      CudaKernel kernel = module.kernel("decodePipeline", added.sharedBytes());
      if (kernel.registers() < PipelineLayout.registers()) {
        throw new CudaException( // its threads would wait for registers for ever
            "the pipeline was compiled with "
                + kernel.registers()
                + " registers; it needs "
                + PipelineLayout.registers());
      }
      pipeline =
          new KernelForm(
              kernel,
              added.blocks(),
              PipelineLayout.THREADS,
              PipelineLayout::wholeGroups,
              slots -> added.sharedBytes(),
              weights);
      pipelineLayout = added;
      pipelineSlots = compiled.slots();
    }
  }

  /** Removes the pipeline, if there is one, and frees it. No worker may use the model yet. */
  void dropPipeline() {
    pipelineFrom = Integer.MAX_VALUE;
    pipeline = null;
    pipelineLayout = null;
    resources.removeAll(pipelineResources);
    free(pipelineResources);
  }

  /**
   * Sets the fewest streams that the pipeline decodes; {@link Integer#MAX_VALUE} if it decodes
   * none. No worker may use the model yet.
   */
  void decodeByPipelineFrom(int streams) {
    pipelineFrom = streams;
  }

  Device device() {
    return device;
  }

  /** Returns the number of ids that can be drawn. */
  int characters() {
    return characters;
  }

  KernelLayout layout() {
    return layout;
  }

  /** Returns the layout of the pipeline, if there is one. */
  Optional<PipelineLayout> pipelineLayout() {
    return Optional.ofNullable(pipelineLayout);
  }

  /** Returns the largest number of streams of a launch without the pipeline. */
  int batchSlots() {
    return batchSlots;
  }

  /** Returns the largest number of streams of a launch. */
  int slots() {
    return pipelineFrom == Integer.MAX_VALUE ? batchSlots : Math.max(batchSlots, pipelineSlots);
  }

  /** Returns, for each form that decodes any number of streams, the largest such number. */
  IntStream largestOfEachForm() {
    int batch = Math.min(batchSlots, pipelineFrom - 1);
    return IntStream.of(Math.min(batch, KernelLayout.TILE), batch, slots())
        .filter(streams -> streams > 0)
        .distinct();
  }

  /** Returns the form that decodes a number of streams. */
  KernelForm form(int streams) {
    if (streams >= pipelineFrom) {
      return pipeline;
    }
    return KernelLayout.isSmallBatch(streams) ? smallBatch : largeBatch;
  }

  /** Frees the weights and the kernel. No worker may launch the kernel any more. */
  @Override
  public void close() {
    free(resources);
  }

  private static void free(List<AutoCloseable> resources) {
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
