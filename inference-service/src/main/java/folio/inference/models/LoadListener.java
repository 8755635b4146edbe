package folio.inference.models;

import java.time.Duration;

/** Receives the events of the checkpoint watcher, on its thread. */
public interface LoadListener {
  /** A model was loaded and offered to the engine. */
  default void loaded(String version, Duration duration) {}

  /** A checkpoint was rejected; the model before it continues to serve. */
  default void rejected(String version, String message) {}
}
