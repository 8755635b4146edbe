package folio.inference.access;

/** The file of keys cannot be used; the message says why, without any digest. */
public final class ApiKeyFileException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ApiKeyFileException(String message) {
    super(message);
  }
}
