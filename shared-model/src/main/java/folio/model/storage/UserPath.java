package folio.model.storage;

import java.nio.file.Path;

/**
 * A parser of the paths that users enter. A shell replaces {@code ~} by the home folder only at the
 * beginning of a word, so it is still there in an option such as {@code --corpus=~/my.txt} and in
 * environment variables of other programs.
 */
public final class UserPath {
  private UserPath() {}

  /**
   * Returns the path of a text; a leading {@code ~} or {@code ~/} is the user's home folder.
   *
   * @throws java.nio.file.InvalidPathException if the text is not a path
   */
  public static Path of(String text) {
    if (text.equals("~") || text.startsWith("~/")) {
      return Path.of(System.getProperty("user.home") + text.substring(1));
    }
    return Path.of(text);
  }
}
