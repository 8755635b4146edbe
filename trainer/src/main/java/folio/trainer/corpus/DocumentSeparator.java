package folio.trainer.corpus;

/**
 * The text that ends each document of a corpus, such as a line feed in a list of names.
 *
 * @param text the separator; empty if the corpus is one running text
 */
public record DocumentSeparator(String text) {
  /** The separator of a corpus that is not divided into documents. */
  public static final DocumentSeparator NONE = new DocumentSeparator("");

  /** The length of the longest separator, in code points: a service can stop at one this long. */
  private static final int MAX_LENGTH = 64;

  /**
   * Parses a separator, in which {@code \\n}, {@code \\r}, {@code \\t} and {@code \\\\} stand for a
   * line feed, a carriage return, a tab and a backslash.
   *
   * @throws IllegalArgumentException if it is too long or has another escape sequence; the message
   *     says what is legal
   */
  public static DocumentSeparator parse(String escaped) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < escaped.length(); i++) {
      char character = escaped.charAt(i);
      if (character == '\\') {
        i++;
        character = unescaped(i < escaped.length() ? escaped.charAt(i) : 0);
      }
      text.append(character);
    }
    int length = text.codePointCount(0, text.length());
    if (length > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "it has " + length + " characters; it must have at most " + MAX_LENGTH);
    }
    return new DocumentSeparator(text.toString());
  }

  private static char unescaped(char escape) {
    return switch (escape) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case '\\' -> '\\';
      default ->
          throw new IllegalArgumentException(
              "a backslash must be followed by n, r, t or another backslash");
    };
  }

  /** Returns whether there are no documents. */
  public boolean isNone() {
    return text.isEmpty();
  }

  /** Returns the code points of the separator. */
  int[] codePoints() {
    return text.codePoints().toArray();
  }

  /** Returns the separator as {@link #parse} reads it. */
  @Override
  public String toString() {
    return text.replace("\\", "\\\\")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
        .replace("\t", "\\t");
  }
}
