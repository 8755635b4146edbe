package folio.runtime.cuda;

/** What CUDA's driver, or a kernel, was asked for and did not do; the message says what. */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public CudaException(String message) {
    super(message);
  }

  CudaException(String message, Throwable cause) {
    super(message, cause);
  }
}
