package folio.inference.serving;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.network.CharGru;
import folio.model.vocabulary.Vocabulary;

/**
 * A loaded checkpoint. The loader's thread owns it until it is handed over, then the decode thread.
 */
public final class ServedModel implements AutoCloseable {
  private final Checkpoint description;
  private final NDManager manager;
  private final CharGru network;

  /**
   * Takes over a network and its manager.
   *
   * @param description what was loaded; its bytes are no longer needed
   * @param manager closed with the model
   */
  ServedModel(Checkpoint description, NDManager manager, CharGru network) {
    this.description = description.withoutWeights();
    this.manager = manager;
    this.network = network;
  }

  /** The checkpoint's name. */
  public String version() {
    return description.version();
  }

  /** What is known about the checkpoint. */
  public Checkpoint description() {
    return description;
  }

  /** The characters. */
  public Vocabulary vocabulary() {
    return description.vocabulary();
  }

  /** The network, on the device of {@link #manager}. */
  public CharGru network() {
    return network;
  }

  /** What is computed with the model belongs below this. */
  public NDManager manager() {
    return manager;
  }

  /** Frees everything on the device. */
  @Override
  public void close() {
    network.close();
    manager.close();
  }
}
