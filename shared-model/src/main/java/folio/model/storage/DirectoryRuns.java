package folio.model.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The records of training runs in a directory, which need not exist yet. */
final class DirectoryRuns implements RunStorage {
  private final Path folder;

  /** Creates a view of the folder of the runs. */
  DirectoryRuns(Path folder) {
    this.folder = folder;
  }

  @Override
  public List<StoredRun> list() throws IOException {
    List<StoredRun> runs = new ArrayList<>();
    for (String name : names()) {
      try {
        runs.add(new StoredRun(name, Files.getLastModifiedTime(file(name)).toInstant()));
      } catch (NoSuchFileException e) {
        // Another process deletes it, or has not written it yet.
      }
    }
    return runs;
  }

  private List<String> names() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(folder)) {
      return children
          .map(child -> child.getFileName().toString())
          .filter(name -> NAME.matcher(name).matches())
          .toList();
    }
  }

  private Path file(String run) {
    return folder.resolve(run).resolve(FILE);
  }

  @Override
  public byte[] read(String run, long maxBytes) throws IOException {
    return RegularFiles.read(file(run), maxBytes);
  }

  @Override
  public void write(String run, byte[] record) throws IOException {
    Files.createDirectories(folder.resolve(run));
    DurableFiles.replace(file(run), record);
  }

  @Override
  public void delete(String run) throws IOException {
    Files.deleteIfExists(file(run));
    Files.deleteIfExists(folder.resolve(run));
  }
}
