package folio.trainer.publication;

/** A run cannot be resumed, or its state cannot be kept; the message says what to do. */
public final class ResumeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message for the person who trains, and what led to it (or null). */
  public ResumeException(String message, Throwable cause) {
    super(message, cause);
  }
}
