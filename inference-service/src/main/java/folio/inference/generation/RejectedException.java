package folio.inference.generation;

/** A request was not run. */
public final class RejectedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Rejection rejection;

  /** With the refusal's words. */
  public RejectedException(Rejection rejection) {
    super(rejection.message(), null, false, false);
    this.rejection = rejection;
  }

  /** Why. */
  public Rejection rejection() {
    return rejection;
  }
}
