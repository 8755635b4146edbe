package folio.model.sampling;

/** A parameter has a value outside its legal range. */
public final class OutOfRangeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String field;
  private final transient Object value;
  private final String legal;

  /**
   * Says what is wrong.
   *
   * @param field the parameter's name on the wire
   * @param value what was given
   * @param legal the legal range, as words
   */
  public OutOfRangeException(String field, Object value, String legal) {
    super(field + " is " + value + "; legal: " + legal);
    this.field = field;
    this.value = value;
    this.legal = legal;
  }

  /** The parameter's name on the wire. */
  public String field() {
    return field;
  }

  /** What was given. */
  public Object value() {
    return value;
  }

  /** The legal range, as words. */
  public String legal() {
    return legal;
  }
}
