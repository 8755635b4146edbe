package folio.model.vocabulary;

/** A text holds a character that the vocabulary does not know. */
public final class UnknownCharacterException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int codePoint;
  private final int position;

  /**
   * Describes the first unknown character of a text.
   *
   * @param codePoint the character, as a Unicode code point
   * @param position where it stands, counted in code points from 0
   */
  public UnknownCharacterException(int codePoint, int position) {
    super(
        "character "
            + describe(codePoint)
            + " at position "
            + position
            + " is not in the vocabulary");
    this.codePoint = codePoint;
    this.position = position;
  }

  /** The unknown character, as a Unicode code point. */
  public int codePoint() {
    return codePoint;
  }

  /** Where it stands, counted in code points from 0. */
  public int position() {
    return position;
  }

  private static String describe(int codePoint) {
    String hex = String.format("U+%04X", codePoint);
    boolean printable =
        Character.isDefined(codePoint)
            && !Character.isISOControl(codePoint)
            && Character.getType(codePoint) != Character.SURROGATE
            && Character.getType(codePoint) != Character.FORMAT;
    return printable ? "'" + Character.toString(codePoint) + "' (" + hex + ")" : hex;
  }
}
