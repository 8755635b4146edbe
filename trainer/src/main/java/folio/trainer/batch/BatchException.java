package folio.trainer.batch;

/** An error that ends a batch: a file, a request in it or the service. The message says which. */
public final class BatchException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message for the user. */
  public BatchException(String message) {
    super(message);
  }

  /** Creates an exception with a message for the user and a cause. */
  public BatchException(String message, Throwable cause) {
    super(message, cause);
  }
}
