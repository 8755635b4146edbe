package folio.model.vocabulary;

/** An error in a text: it holds a character that is not in the vocabulary. */
public final class UnknownCharacterException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int codePoint;
  private final long position;

  /**
   * Creates an exception for the first unknown character of a text.
   *
   * @param codePoint the character
   * @param position the position of the character in the text, in code points from 0
   */
  public UnknownCharacterException(int codePoint, long position) {
    this(codePoint, position, " is not in the vocabulary");
  }

  private UnknownCharacterException(int codePoint, long position, String problem) {
    super("character " + describe(codePoint) + " at position " + position + problem);
    this.codePoint = codePoint;
    this.position = position;
  }

  /** Creates an exception for a character that cannot be replaced either. */
  static UnknownCharacterException withoutEntry(int codePoint, long position) {
    return new UnknownCharacterException(
        codePoint, position, ": there is no unknown entry to replace it in the vocabulary");
  }

  /** Returns the unknown character. */
  public int codePoint() {
    return codePoint;
  }

  /** Returns the position of the character in the text, in code points from 0. */
  public long position() {
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
