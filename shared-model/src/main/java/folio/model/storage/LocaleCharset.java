package folio.model.storage;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The charset of the locale. Java reads arguments, environment variables and the names of files in
 * it, and nothing in the process can change it. In the locale C or POSIX it is ASCII, and all other
 * characters are lost before Folio sees them.
 */
public final class LocaleCharset {
  private LocaleCharset() {}

  /** Makes standard output and standard error UTF-8 in every locale. */
  public static void writeUtf8() {
    System.setOut(utf8(FileDescriptor.out));
    System.setErr(utf8(FileDescriptor.err));
  }

  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /**
   * Returns an error message if a text has characters beyond ASCII and the charset is not UTF-8.
   *
   * @param texts arguments, values of environment variables or paths, by what the message calls
   *     them
   */
  public static Optional<String> findUnreadable(Map<String, String> texts) {
    return findUnreadable(System.getProperty("sun.jnu.encoding"), texts);
  }

  static Optional<String> findUnreadable(String charset, Map<String, String> texts) {
    if (charset.equalsIgnoreCase("UTF-8")) {
      return Optional.empty();
    }
    return texts.entrySet().stream()
        .filter(text -> text.getValue().chars().anyMatch(c -> c > 127))
        .findFirst()
        .map(
            text ->
                text.getKey()
                    + " has characters that Java cannot read in the charset of the locale, "
                    + charset
                    + "; set LC_ALL=C.UTF-8, or use ./folio, which sets it");
  }

  /**
   * Returns Folio's environment variables and the folder of the process, with their names. Messages
   * must not have the value of a variable, which may be a secret.
   */
  public static Map<String, String> environment() {
    Map<String, String> texts = new TreeMap<>(System.getenv());
    texts.keySet().removeIf(variable -> !variable.startsWith("FOLIO_"));
    texts.put("the current folder", System.getProperty("user.dir"));
    return texts;
  }
}
