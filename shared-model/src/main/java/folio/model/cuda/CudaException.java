package folio.model.cuda;

/** A call to CUDA's driver that did not succeed; the message says which, and what it answered. */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public CudaException(String message) {
    super(message);
  }

  CudaException(String message, Throwable cause) {
    super(message, cause);
  }
}
