package folio.inference.fused;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import java.util.Optional;

/**
 * A model that fused decoders can decode. It creates a {@link FusedDecoder} for each worker. Owned
 * by its model, which closes it.
 */
public interface FusedDecoderFactory extends AutoCloseable {
  /** A function that prepares networks for fused decoding. */
  @FunctionalInterface
  interface Loader {
    /** A loader that prepares no network, so that libtorch decodes all of them. */
    Loader NONE = (manager, network, characters, streams) -> Optional.empty();

    /**
     * Prepares a network for fused decoding.
     *
     * @param manager the parent of temporary arrays, on the network's device
     * @param characters the number of ids that can be drawn; larger ids cannot
     * @param streams the largest number of streams of a worker
     * @return a factory that the caller closes, or empty if the network cannot be decoded so
     */
    Optional<FusedDecoderFactory> load(
        NDManager manager, CharGru network, int characters, int streams);
  }

  /** Returns the largest number of streams of a decoder. */
  int slots();

  /**
   * Creates a decoder for the calling thread, a worker's. It must be closed before this factory.
   *
   * @return the decoder; empty if the device lacks the memory for it, for instance. The log then
   *     has the reason.
   */
  Optional<FusedDecoder> createDecoder();

  /** Frees the model's memory on the device. No decoder may use it any more. */
  @Override
  void close();
}
