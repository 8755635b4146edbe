package folio.inference.models;

import java.time.Duration;

/** Hears what the watcher does; called on its thread. */
public interface LoadListener {
  /** A model was loaded and handed over. */
  default void loaded(String version, Duration duration) {}

  /** A checkpoint was refused; the model before serves on. */
  default void rejected(String version, String message) {}
}
