package folio.inference.models;

import ai.djl.ndarray.NDManager;
import folio.inference.decoding.Decoder;
import folio.inference.fused.FusedDecoderFactory;
import folio.model.checkpoint.CheckpointDescription;
import folio.model.network.CharGru;
import folio.model.vocabulary.Vocabulary;
import java.util.Optional;

/**
 * A checkpoint on the device, with its decoders. The loader's thread owns it until it is offered,
 * then the engine; every worker may compute with it at the same time. The engine closes it.
 */
public final class LoadedModel implements AutoCloseable {
  private final CheckpointDescription description;
  private final NDManager manager;
  private final CharGru network;
  private final Decoder decoder;
  private final FusedDecoderFactory fused;

  /**
   * Takes over a network and its manager, which are closed with the model.
   *
   * @param description the metadata of the checkpoint
   * @param fused decodes with the persistent kernel, or null; closed with the model
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

  /** Returns the name of the checkpoint. */
  public String version() {
    return description.version();
  }

  /** Returns the metadata of the checkpoint. */
  public CheckpointDescription description() {
    return description;
  }

  /** Returns the vocabulary of the checkpoint. */
  public Vocabulary vocabulary() {
    return description.vocabulary();
  }

  /** Returns the decoder that computes with libtorch, on the device of {@link #manager}. */
  public Decoder decoder() {
    return decoder;
  }

  /** Returns the factory of fused decoders, or nothing where the persistent kernel does not run. */
  public Optional<FusedDecoderFactory> fused() {
    return Optional.ofNullable(fused);
  }

  /** Returns the parent of every array that is computed with the model. */
  public NDManager manager() {
    return manager;
  }

  /** Frees everything that the model has on the device. */
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
