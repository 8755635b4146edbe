package folio.benchmark;

/** An answer that must not be. */
final class UnexpectedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String kind;

  /**
   * As it is counted.
   *
   * @param kind the same for all of a kind
   * @param example what this one is
   */
  UnexpectedException(String kind, String example) {
    super(example);
    this.kind = kind;
  }

  String kind() {
    return kind;
  }
}
