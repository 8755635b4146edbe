package folio.model.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The Markdown pages and the source files of the project. */
public final class Pages {
  /** The folder that holds the launcher. */
  public static final Path ROOT = root();

  private static final List<String> FOLDERS =
      List.of(".github", "shared-model", "trainer", "inference-service", "k8s");

  private static final Set<String> BUILD_RESULTS = Set.of("target", "__pycache__");

  private Pages() {}

  /** Returns every page. */
  public static List<Page> all() {
    return files().stream().filter(Pages::isPage).map(Page::read).toList();
  }

  /** Returns the page with a path relative to {@link #ROOT}. */
  public static Page page(String path) {
    return Page.read(ROOT.resolve(path));
  }

  /** Returns the options, such as {@code --seed}, that the pages of some top-level folders name. */
  public static List<String> options(String... folders) {
    return all().stream()
        .filter(page -> Stream.of(folders).anyMatch(f -> page.toString().startsWith(f + "/")))
        .flatMap(page -> page.whole().codeSpans().stream())
        .filter(code -> code.matches("--[a-z].*"))
        .map(code -> code.split("[ =]", 2)[0])
        .toList();
  }

  /** Returns every file that is neither a page nor a result of a build. */
  public static List<Path> sources() {
    return files().stream().filter(file -> !isPage(file)).toList();
  }

  /** Returns the text of a file, in Latin-1, so that the files may also be images. */
  public static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isPage(Path file) {
    return file.toString().endsWith(".md");
  }

  private static List<Path> files() {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> top = Files.list(ROOT)) {
      top.filter(Files::isRegularFile).forEach(files::add);
      for (String folder : FOLDERS) {
        Files.walkFileTree(
            ROOT.resolve(folder),
            new SimpleFileVisitor<>() {
              @Override
              public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
                return BUILD_RESULTS.contains(dir.getFileName().toString())
                    ? FileVisitResult.SKIP_SUBTREE
                    : FileVisitResult.CONTINUE;
              }

              @Override
              public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                files.add(file);
                return FileVisitResult.CONTINUE;
              }
            });
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return files;
  }

  /** Finds the root from the folder of a module, in which Maven runs the module's tests. */
  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.isRegularFile(folder.resolve("folio"))) {
      folder = folder.getParent();
      if (folder == null) {
        throw new IllegalStateException("no folder above this one holds the launcher, folio");
      }
    }
    return folder;
  }
}
