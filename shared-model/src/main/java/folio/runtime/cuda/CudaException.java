package folio.runtime.cuda;

/** A failure of the CUDA driver, its libraries or a kernel; the message names the call. */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public CudaException(String message) {
    super(message);
  }

  CudaException(String message, Throwable cause) {
    super(message, cause);
  }
}
