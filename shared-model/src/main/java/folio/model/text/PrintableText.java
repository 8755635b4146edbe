package folio.model.text;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Text whose every character can be seen. A text from a file or a client may hold line breaks that
 * forge log lines, or escape sequences that change a terminal.
 */
public final class PrintableText {
  private PrintableText() {}

  /**
   * Returns a text with a Java escape, a backslash with {@code u} and four or more hex digits, for
   * each control character except the tab, each invisible character and each unpaired surrogate.
   */
  public static String escape(String text) {
    if (text.codePoints().allMatch(PrintableText::isPrintable)) {
      return text;
    }
    StringBuilder escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> escaped.append(isPrintable(c) ? Character.toString(c) : "\\u%04x".formatted(c)));
    return escaped.toString();
  }

  /** Returns a text with the escapes of {@link #escape}, but with its line breaks. */
  public static String escapeLines(String text) {
    return Arrays.stream(text.split("\n", -1))
        .map(PrintableText::escape)
        .collect(Collectors.joining("\n"));
  }

  private static boolean isPrintable(int codePoint) {
    if (codePoint == '\t') {
      return true;
    }
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
