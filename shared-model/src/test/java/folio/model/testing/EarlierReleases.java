package folio.model.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files that each release wrote, in one folder per release. Tests of compatibility read them
 * with today's code. The recorders of the modules write the folder of the next release.
 */
public final class EarlierReleases {
  /** The property that names the release to record, for example 0.2.0. */
  private static final String RECORD = "compatibility.record";

  /** The path from a module's folder, in which Maven runs its tests. */
  private static final Path FOLDER =
      Path.of("..", "shared-model", "src", "test", "resources", "compatibility");

  private EarlierReleases() {}

  /** Returns the folder of each release. */
  public static List<Path> folders() {
    try (Stream<Path> releases = Files.list(FOLDER)) {
      return releases.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns an empty folder for a part of the release that is being recorded.
   *
   * @throws IllegalStateException if no release is named
   */
  public static Path emptyFolder(String part) {
    Path folder = recorded().resolve(part);
    try {
      if (Files.exists(folder)) {
        try (Stream<Path> old = Files.walk(folder)) {
          for (Path path : old.sorted((a, b) -> b.compareTo(a)).toList()) {
            Files.delete(path);
          }
        }
      }
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns the folder of the release that is being recorded.
   *
   * @throws IllegalStateException if no release is named
   */
  public static Path recorded() {
    String version = System.getProperty(RECORD, "");
    if (!version.matches("\\d+\\.\\d+\\.\\d+")) {
      throw new IllegalStateException(
          "-D" + RECORD + " is '" + version + "'; it must be a version such as 0.2.0");
    }
    return FOLDER.resolve(version);
  }

  /** Copies a folder and everything in it, and returns the copy. */
  public static Path copy(Path from, Path to) {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      }
      return to;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
