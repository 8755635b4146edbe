package folio.trainer.publication;

/**
 * An error in the saved state of a run: it cannot be read or written. The message says what to do.
 */
public final class ResumeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message for the user and a cause, which may be null. */
  public ResumeException(String message, Throwable cause) {
    super(message, cause);
  }
}
