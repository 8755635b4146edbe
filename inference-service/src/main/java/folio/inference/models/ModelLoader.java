package folio.inference.models;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.inference.fused.FusedDecoderFactory;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.network.CharGru;

/** Loads verified checkpoints onto a device and runs their canaries. Safe for use by any thread. */
public final class ModelLoader {
  private final Device device;
  private final FusedDecoderFactory.Loader fusedLoader;
  private final int slots;

  /** Creates a loader of models that libtorch decodes. */
  public ModelLoader(Device device) {
    this(device, FusedDecoderFactory.Loader.NONE, 0);
  }

  /**
   * Creates a loader of models that the persistent kernel decodes where it can.
   *
   * @param device holds the networks
   * @param fusedLoader prepares a network for the persistent kernel
   * @param slots the largest number of sequences that a worker decodes with the persistent kernel
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
   * @throws CheckpointException if a tensor has the wrong name, shape or type, or if the canary's
   *     loss differs from the one that the publisher measured
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
      FusedDecoderFactory fused =
          fusedLoader
              .load(manager, network, checkpoint.vocabulary().characterCount(), slots)
              .orElse(null);
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
