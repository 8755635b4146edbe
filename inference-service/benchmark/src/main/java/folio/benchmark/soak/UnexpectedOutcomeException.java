package folio.benchmark.soak;

/** An outcome of a request that a correct service does not produce. */
final class UnexpectedOutcomeException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String kind;

  /**
   * Creates the exception.
   *
   * @param kind the name under which equal outcomes are counted
   * @param example the details of this outcome
   */
  UnexpectedOutcomeException(String kind, String example) {
    super(example);
    this.kind = kind;
  }

  /** Returns the name under which equal outcomes are counted. */
  String kind() {
    return kind;
  }
}
