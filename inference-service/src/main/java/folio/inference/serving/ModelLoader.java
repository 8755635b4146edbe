package folio.inference.serving;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.inference.onchip.Chip;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.network.CharGru;

/** Makes a model of a verified checkpoint: load, then canary. */
public final class ModelLoader {
  private final Device device;
  private final Chip.Maker chips;
  private final int slots;

  /** A loader of models that libtorch decodes, on a device. */
  public ModelLoader(Device device) {
    this(device, Chip.Maker.NONE, 0);
  }

  /**
   * A loader.
   *
   * @param device where networks live
   * @param chips puts networks on a chip, where that can be done
   * @param slots most that a lane has on a chip
   */
  public ModelLoader(Device device, Chip.Maker chips, int slots) {
    this.device = device;
    this.chips = chips;
    this.slots = slots;
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
      Chip chip = chips.make(manager, network, slots).orElse(null);
      try {
        return new ServedModel(checkpoint, manager, network, chip);
      } catch (RuntimeException | Error e) {
        if (chip != null) {
          chip.close();
        }
        throw e;
      }
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }
}
