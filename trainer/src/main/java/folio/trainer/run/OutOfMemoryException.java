package folio.trainer.run;

/** An error that ends a run: its memory ran out. The message says what took it. */
public final class OutOfMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OutOfMemoryException(String message, Throwable cause) {
    super(message, cause);
  }
}
