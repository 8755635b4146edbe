package folio.model.sampling;

/** An error in a sampling parameter: its value is outside the legal range. */
public final class OutOfRangeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String field;
  private final transient Object value;
  private final String legal;

  /**
   * Creates an exception with a message that names the field, the value and the legal range.
   *
   * @param field the parameter's name on the wire
   * @param value the rejected value
   * @param legal the legal range in words
   */
  public OutOfRangeException(String field, Object value, String legal) {
    super(field + " is " + value + "; it must be " + legal);
    this.field = field;
    this.value = value;
    this.legal = legal;
  }

  /** Returns the parameter's name on the wire. */
  public String field() {
    return field;
  }

  /** Returns the rejected value. */
  public Object value() {
    return value;
  }

  /** Returns the legal range in words. */
  public String legal() {
    return legal;
  }
}
