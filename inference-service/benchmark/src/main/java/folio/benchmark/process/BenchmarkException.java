package folio.benchmark.process;

/** A failure that ends a command. The command line prints its message without a stack trace. */
public final class BenchmarkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates a failure without a cause.
   *
   * @param message a text for the person who started the command
   */
  public BenchmarkException(String message) {
    super(message);
  }

  /**
   * Creates a failure.
   *
   * @param message a text for the person who started the command
   */
  public BenchmarkException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Returns the exception for an interrupted wait, and sets the thread's interrupt flag again. */
  public static BenchmarkException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new BenchmarkException("interrupted", cause);
  }
}
