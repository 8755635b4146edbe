package folio.inference.models;

import java.time.Duration;

/** Receives the events of the checkpoint watcher, on its thread. */
public interface LoadListener {
  /** Receives a version that was loaded and offered to the engine. */
  default void loaded(String version, Duration duration) {}

  /** Receives a version that was rejected; the current model continues to serve. */
  default void rejected(String version, String message) {}

  /** Receives the error that ends the watcher; no further checkpoint is loaded. */
  default void failed(Throwable cause) {}
}
