package folio.inference.auth;

/** The file of keys cannot be used; the message says why, without any digest. */
public final class ApiKeyFileException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final boolean lasting;

  /**
   * What is wrong.
   *
   * @param lasting whether it stays so until the file changes
   */
  ApiKeyFileException(String message, boolean lasting) {
    super(message);
    this.lasting = lasting;
  }

  boolean lasting() {
    return lasting;
  }
}
