package folio.inference.fused;

import ai.djl.ndarray.NDManager;
import folio.model.kernel.KernelCache;
import folio.model.network.CharGru;
import folio.runtime.cuda.CudaDevice;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaStream;
import folio.runtime.cuda.TensorAddress;
import java.util.Optional;
import org.jboss.logging.Logger;

/** A factory of decoders that run the persistent kernel on a {@link FusedModel}. */
public final class FusedDecoders implements FusedDecoderFactory {
  private static final Logger LOG = Logger.getLogger(FusedDecoders.class);

  /** Fewer streams are not worth the pipeline's memory and the time that its trial takes. */
  private static final int FEWEST_STREAMS_FOR_PIPELINE = PipelineLayout.GROUP / 2;

  private static final KernelCache KERNELS = KernelCache.ofThisMachine();

  private final FusedModel model;

  /** Creates a factory that closes the model when it is closed. */
  FusedDecoders(FusedModel model) {
    this.model = model;
  }

  /**
   * Copies a network to a GPU and tries its kernel there, if the network and the GPU allow it.
   *
   * @param manager the parent of temporary arrays, on the network's device
   * @param characters the number of ids that can be drawn; larger ids cannot
   * @param streams the largest number of streams of a worker
   * @return a factory that the caller closes; empty on a CPU, or if the kernel cannot be used. The
   *     log then has the reason.
   */
  public static Optional<FusedDecoderFactory> load(
      NDManager manager, CharGru network, int characters, int streams) {
    return manager.getDevice().isGpu()
        ? load(manager, network, characters, streams, KERNELS)
        : Optional.empty();
  }

  static Optional<FusedDecoderFactory> load(
      NDManager manager, CharGru network, int characters, int streams, KernelCache kernels) {
    try {
      CudaDevice gpu = CudaDevice.of(manager.getDevice());
      KernelLayout layout = KernelLayout.of(network.config(), gpu);
      TensorAddress.check();
      int slots = layout.maxSlots(gpu, streams);
      CompiledKernel kernel =
          new CompiledKernel(
              layout,
              slots,
              kernels.binary(gpu, KernelSource.program(), KernelSource.definitions(layout)));
      FusedModel model = new FusedModel(manager, network, characters, kernel);
      try {
        launchTrial(model);
        PipelineLayout.of(network.config(), gpu)
            .filter(pipeline -> streams >= FEWEST_STREAMS_FOR_PIPELINE)
            .ifPresent(
                pipeline -> tryPipeline(model, manager, network, pipeline, streams, kernels));
        return Optional.of(new FusedDecoders(model));
      } catch (RuntimeException | Error e) {
        model.close();
        throw e;
      }
    } catch (UnsupportedNetworkException | CudaException e) {
      LOG.infof(
          "Model decoded by libtorch, not by the persistent kernel reason=%s", e.getMessage());
    } catch (RuntimeException | LinkageError e) {
      LOG.warn("Model decoded by libtorch, not by the persistent kernel, which failed", e);
    }
    return Optional.empty();
  }

  /** Adds the pipeline to a model if it works there; the log has the reason if it does not. */
  private static void tryPipeline(
      FusedModel model,
      NDManager manager,
      CharGru network,
      PipelineLayout layout,
      int streams,
      KernelCache kernels) {
    try {
      CudaDevice gpu = CudaDevice.of(model.device());
      byte[] binary =
          kernels.binary(gpu, KernelSource.pipeline(), KernelSource.definitions(layout));
      int slots = Math.min(PipelineLayout.wholeGroups(streams), PipelineLayout.MAX_SLOTS);
      model.addPipeline(manager, network, new CompiledPipeline(layout, slots, binary));
      PipelineTrial.run(model, CudaStream.standard(model.device()));
    } catch (CudaException e) {
      model.dropPipeline();
      LOG.warnf("Many streams decoded without the pipeline reason=%s", e.getMessage());
    } catch (RuntimeException e) {
      model.dropPipeline();
      LOG.warn("Many streams decoded without the pipeline, which failed", e);
    }
  }

  /** Launches once: only the driver knows whether all blocks fit on the GPU at the same time. */
  private static void launchTrial(FusedModel model) {
    try (FusedStreams streams = new FusedStreams(model, CudaStream.standard(model.device()))) {
      streams.warm();
    }
  }

  FusedModel model() {
    return model;
  }

  @Override
  public int slots() {
    return model.slots();
  }

  @Override
  public Optional<FusedDecoder> createDecoder() {
    try {
      CudaStream stream = CudaStream.current();
      if (stream == null) {
        throw new CudaException("the thread has no CUDA stream of its own");
      }
      return Optional.of(new FusedStreams(model, stream));
    } catch (CudaException e) {
      LOG.warnf(
          "Worker decodes with libtorch, not with the persistent kernel reason=%s", e.getMessage());
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
