package folio.inference.generation;

/** Thrown when the engine rejects a request. */
public final class RejectedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Rejection rejection;

  /** Creates an exception with the message of the rejection and without a stack trace. */
  public RejectedException(Rejection rejection) {
    super(rejection.message(), null, false, false);
    this.rejection = rejection;
  }

  /** Returns the reason for the rejection. */
  public Rejection rejection() {
    return rejection;
  }
}
