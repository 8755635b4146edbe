package folio.inference.serving;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.network.CharGru;

/** Makes a model of a verified checkpoint: load, then canary. */
public final class ModelLoader {
  private final Device device;
  private final int slotsOnChip;

  /** A loader of models that libtorch decodes, on a device. */
  public ModelLoader(Device device) {
    this(device, 0);
  }

  /**
   * A loader.
   *
   * @param device where networks live
   * @param slotsOnChip most slots of a lane that are decoded on a GPU's chip, where that can be
   *     done; 0: none
   */
  public ModelLoader(Device device, int slotsOnChip) {
    this.device = device;
    this.slotsOnChip = slotsOnChip;
  }

  /**
   * Loads a checkpoint.
   *
   * @return the model; the caller closes it
   * @throws CheckpointException if a tensor is not what it should be, or the canary's loss is not
   *     what its publisher measured
   */
  public ServedModel load(Checkpoint checkpoint) {
    NDManager manager = NDManager.newBaseManager(device);
    try {
      CharGru network = checkpoint.load(manager);
      try {
        checkpoint.manifest().canary().check(manager, network, checkpoint.vocabulary());
      } catch (RuntimeException e) {
        throw new CheckpointException(
            "checkpoint " + checkpoint.version() + ": " + e.getMessage(), e);
      }
      return new ServedModel(checkpoint, manager, network, slotsOnChip);
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }
}
