package folio.inference.models;

/**
 * Receives the events of resident models, on the thread that causes them. Implementations must be
 * quick.
 */
public interface ModelListener {
  /** Receives the version that new requests run on from now on. */
  default void activated(String version) {}

  /** Receives a version that was current and is no longer resident. */
  default void closed(String version) {}

  /** Receives a version whose memory could not be freed completely; the service continues. */
  default void closeFailed(String version, RuntimeException cause) {}
}
