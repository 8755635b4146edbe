package folio.inference.models;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.inference.fused.FusedDecoderFactory;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.network.CharGru;

/** Makes a model of a verified checkpoint: load, then canary. */
public final class ModelLoader {
  private final Device device;
  private final FusedDecoderFactory.Loader fusedLoader;
  private final int slots;

  /** A loader of models that libtorch decodes, on a device. */
  public ModelLoader(Device device) {
    this(device, FusedDecoderFactory.Loader.NONE, 0);
  }

  /**
   * A loader.
   *
   * @param device where networks live
   * @param fusedLoader puts networks on a chip, where that can be done
   * @param slots most that a lane has on a chip
   */
  public ModelLoader(Device device, FusedDecoderFactory.Loader fusedLoader, int slots) {
    this.device = device;
    this.fusedLoader = fusedLoader;
    this.slots = slots;
  }

  /**
   * Loads a checkpoint.
   *
   * @return the model; the caller closes it
   * @throws CheckpointException if a tensor is not what it should be, or the canary's loss is not
   *     what its publisher measured
   */
  public LoadedModel load(Checkpoint checkpoint) {
    NDManager manager = NDManager.newBaseManager(device);
    try {
      CharGru network = checkpoint.load(manager);
      try {
        checkpoint.manifest().canary().check(manager, network, checkpoint.vocabulary());
      } catch (RuntimeException e) {
        throw new CheckpointException(
            "checkpoint " + checkpoint.version() + ": " + e.getMessage(), e);
      }
      FusedDecoderFactory fused = fusedLoader.make(manager, network, slots).orElse(null);
      try {
        return new LoadedModel(checkpoint.description(), manager, network, fused);
      } catch (RuntimeException | Error e) {
        if (fused != null) {
          fused.close();
        }
        throw e;
      }
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }
}
