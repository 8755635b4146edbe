package folio.inference.models;

/**
 * Receives the events of resident models, on the thread that causes them: implementations must be
 * quick.
 */
public interface ModelListener {
  /** New requests run on this version from now on. */
  default void activated(String version) {}

  /** A version that was current is no longer resident. */
  default void closed(String version) {}

  /** The memory of a version could not be freed completely; the service continues without it. */
  default void closeFailed(String version, RuntimeException cause) {}
}
