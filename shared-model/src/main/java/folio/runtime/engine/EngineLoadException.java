package folio.runtime.engine;

/**
 * An error at the start of libtorch. The message, one line, names the root cause and what to do.
 */
public final class EngineLoadException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  EngineLoadException(String message, Throwable cause) {
    super(message, cause);
  }
}
