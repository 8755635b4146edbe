package folio.trainer.sweep;

/** A sweep cannot be run or its results cannot be written; the message says what to do. */
public final class SweepException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message a sentence for the person who started the sweep
   * @param cause the error behind it, or null
   */
  public SweepException(String message, Throwable cause) {
    super(message, cause);
  }
}
