package folio.trainer.training;

import static java.lang.System.Logger.Level.WARNING;

import ai.djl.Device;
import folio.model.kernel.KernelCache;
import folio.model.network.CharGruConfig;
import folio.runtime.cuda.CudaException;
import folio.trainer.recurrence.LayerKernels;

/** Decides by what the layers of a network are run. */
final class LayersLoader {
  private static final System.Logger LOG = System.getLogger(LayersLoader.class.getName());

  private LayersLoader() {}

  /**
   * Returns layers for a network's shape and a number of rows: in 16 bits on a GPU, those of {@link
   * LayerKernels} if the kernels can run, else libtorch's. The log says why they cannot. The caller
   * closes the layers.
   *
   * @param precision not {@link Precision#AUTO}
   */
  static Layers load(CharGruConfig config, Device device, Precision precision, int rows) {
    if (!precision.isHalf() || !device.isGpu()) {
      return new LibtorchLayers(precision);
    }
    boolean brain = precision == Precision.BFLOAT16;
    try {
      KernelCache cache = KernelCache.ofThisMachine();
      return new KernelLayers(
          LayerKernels.load(device, config.hiddenSize(), rows, brain, cache), precision);
    } catch (CudaException e) {
      LOG.log(WARNING, "Layers run by libtorch, not by Folio's kernels reason=" + e.getMessage());
    } catch (RuntimeException | LinkageError e) {
      LOG.log(WARNING, "Layers run by libtorch, not by Folio's kernels, which failed", e);
    }
    return new LibtorchLayers(precision);
  }
}
