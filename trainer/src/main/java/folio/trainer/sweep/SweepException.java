package folio.trainer.sweep;

/** A sweep cannot be run; the message says what to do. */
public final class SweepException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message for the person who started it, and what led to it (or null). */
  public SweepException(String message, Throwable cause) {
    super(message, cause);
  }
}
