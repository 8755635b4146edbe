package folio.inference.fused;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import java.util.Optional;

/** What decodes a model many characters at a time. Owned by its model. */
public interface FusedDecoderFactory extends AutoCloseable {
  /** Makes chips of networks. */
  @FunctionalInterface
  interface Loader {
    /** Of nothing. */
    Loader NONE = (manager, network, streams) -> Optional.empty();

    /**
     * Puts a network on a chip, if that can be done.
     *
     * @param manager on the network's device; scratch arrays are made below it
     * @param streams most at once in a lane
     */
    Optional<FusedDecoderFactory> make(NDManager manager, CharGru network, int streams);
  }

  /** Most streams of a launch. */
  int slots();

  /**
   * For the calling thread, a lane's; it must be closed before the chip. Nothing if the lane cannot
   * have one, for too little memory say, which is told in the log.
   */
  Optional<FusedDecoder> decoder();

  @Override
  void close();
}
