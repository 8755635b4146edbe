package folio.trainer.corpus;

import folio.model.storage.UserPath;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The files that a path, a folder, a {@code file:} address or a pattern names. */
final class TextFiles {
  private static final Pattern PATTERN = Pattern.compile("[*?\\[{]");

  private TextFiles() {}

  /**
   * A file of a corpus.
   *
   * @param inFolder whether a folder was named, which may also hold files of other kinds
   */
  record TextFile(Path path, boolean inFolder) {}

  /**
   * Returns the files that a name stands for, in the order of their paths.
   *
   * @throws CorpusException if there is no such file, or the folder or pattern has none
   */
  static List<TextFile> named(String name) {
    try {
      Path path = name.startsWith("file:") ? Path.of(URI.create(name)) : UserPath.of(name);
      if (Files.isDirectory(path)) {
        return files(name, path, file -> !TextInputs.isHidden(path.relativize(file)), true);
      }
      if (Files.exists(path) || !PATTERN.matcher(name).find()) {
        return List.of(new TextFile(path, false)); // reading reports a missing file
      }
      Path folder = beforePattern(path);
      PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + path.normalize());
      return files(name, folder, file -> matcher.matches(file.normalize()), false);
    } catch (IllegalArgumentException e) { // also an InvalidPathException
      throw new CorpusException("--corpus " + name + " is not a path: " + e.getMessage(), e);
    } catch (IOException | UncheckedIOException e) {
      throw new CorpusException("--corpus " + name + " cannot be listed: " + e.getMessage(), e);
    }
  }

  /** Returns the folder that all matches of a pattern lie in. */
  private static Path beforePattern(Path pattern) {
    Path folder = pattern.isAbsolute() ? pattern.getRoot() : Path.of("");
    for (Path element : pattern) {
      if (PATTERN.matcher(element.toString()).find()) {
        break;
      }
      folder = folder.resolve(element);
    }
    return folder;
  }

  private static List<TextFile> files(
      String name, Path folder, Predicate<Path> wanted, boolean inFolder) throws IOException {
    List<TextFile> found;
    try (Stream<Path> all =
        Files.exists(folder)
            ? Files.walk(folder, FileVisitOption.FOLLOW_LINKS)
            : Stream.<Path>empty()) {
      found =
          all.filter(wanted)
              .filter(Files::isRegularFile)
              .sorted()
              .map(file -> new TextFile(file, inFolder))
              .toList();
    }
    if (found.isEmpty()) {
      throw new CorpusException(
          "--corpus " + name + (inFolder ? " is a folder without files" : " matches no file"));
    }
    return found;
  }
}
