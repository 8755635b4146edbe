package folio.inference.models;

import ai.djl.ndarray.NDManager;
import folio.inference.decoding.Decoder;
import folio.inference.fused.FusedDecoderFactory;
import folio.model.checkpoint.CheckpointDescription;
import folio.model.network.CharGru;
import folio.model.vocabulary.Vocabulary;
import java.util.Optional;

/**
 * A loaded checkpoint. The loader's thread owns it until it is handed over, then the engine; any
 * lane computes with it.
 */
public final class LoadedModel implements AutoCloseable {
  private final CheckpointDescription description;
  private final NDManager manager;
  private final CharGru network;
  private final Decoder decoder;
  private final FusedDecoderFactory fused;

  /**
   * Takes over a network and its manager.
   *
   * @param description the metadata of the loaded checkpoint
   * @param manager closed with the model
   * @param fused what decodes it, too, or null; closed with the model
   */
  LoadedModel(
      CheckpointDescription description,
      NDManager manager,
      CharGru network,
      FusedDecoderFactory fused) {
    this.description = description;
    this.manager = manager;
    this.network = network;
    this.decoder = new Decoder(manager, network);
    this.fused = fused;
  }

  /** The checkpoint's name. */
  public String version() {
    return description.version();
  }

  /** Returns the metadata of the checkpoint. */
  public CheckpointDescription description() {
    return description;
  }

  /** The characters. */
  public Vocabulary vocabulary() {
    return description.vocabulary();
  }

  /** Computes with the model, on the device of {@link #manager}. */
  public Decoder decoder() {
    return decoder;
  }

  /** Decodes with the model too, on a chip that it fits on. */
  public Optional<FusedDecoderFactory> fused() {
    return Optional.ofNullable(fused);
  }

  /** What is computed with the model belongs below this. */
  public NDManager manager() {
    return manager;
  }

  /** Frees everything on the device. */
  @Override
  public void close() {
    if (fused != null) {
      fused.close();
    }
    decoder.close();
    network.close();
    manager.close();
  }
}
