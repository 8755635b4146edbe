package folio.inference.auth;

import java.io.Serial;

/** The key file is unusable. The message gives the reason and contains no digest. */
public final class ApiKeyFileException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  private final boolean permanent;

  /**
   * Creates an exception.
   *
   * @param permanent whether the error lasts until the file changes; an error of reading may pass
   */
  ApiKeyFileException(String message, boolean permanent) {
    super(message);
    this.permanent = permanent;
  }

  /** Returns whether reading the file again is useless until it changes. */
  boolean permanent() {
    return permanent;
  }
}
