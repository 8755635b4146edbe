package folio.model.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A storage in a directory, which need not exist yet. Each change becomes visible through one
 * rename, after its content is on disk. One writer is open at a time; a second writer waits a few
 * seconds.
 */
public final class DirectoryStorage implements Storage {
  /** The prefix of names that are not yet, or no longer, a version. */
  private static final String TEMPORARY = ".tmp-";

  private final Path root;

  /** Creates a storage in a directory. */
  public DirectoryStorage(Path root) {
    this.root = root;
  }

  @Override
  public Optional<String> current() throws IOException {
    try {
      byte[] name = RegularFiles.read(root.resolve(CURRENT), MAX_CURRENT_BYTES);
      return Optional.of(new String(name, StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  @Override
  public List<String> names() throws IOException {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(root)) {
      return children.map(child -> child.getFileName().toString()).toList();
    }
  }

  @Override
  public boolean contains(String version) {
    return Files.isDirectory(root.resolve(version));
  }

  @Override
  public byte[] read(String version, String file, long maxBytes) throws IOException {
    return RegularFiles.read(root.resolve(version).resolve(file), maxBytes);
  }

  /** Returns the name, size and time of each file. */
  @Override
  public Optional<String> stamp(String version) throws IOException {
    if (!contains(version)) {
      return Optional.of("");
    }
    StringBuilder stamp = new StringBuilder();
    try (Stream<Path> files = Files.list(root.resolve(version))) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        stamp.append(file.getFileName()).append(' ').append(attributes.size());
        stamp.append(' ').append(attributes.lastModifiedTime()).append('\n');
      }
    }
    return Optional.of(stamp.toString());
  }

  @Override
  public RunStorage runs() {
    return new DirectoryRuns(root.resolve(RunStorage.FOLDER));
  }

  @Override
  public StorageWriter write(Consumer<PublishStep> observer) throws IOException {
    return new Writer(root, observer);
  }

  /** Returns the path of the directory. */
  @Override
  public String toString() {
    return root.toString();
  }

  private static final class Writer implements StorageWriter {
    private final Path root;
    private final Consumer<PublishStep> observer;
    private final DirectoryLock lock;

    Writer(Path root, Consumer<PublishStep> observer) throws IOException {
      this.root = root;
      this.observer = observer;
      this.lock = DirectoryLock.acquire(root);
      try {
        removeLeftovers();
        observer.accept(PublishStep.OPENED);
      } catch (IOException | RuntimeException | Error e) {
        lock.close();
        throw e;
      }
    }

    @Override
    public void add(String version, Map<String, byte[]> files) throws IOException {
      Path temporary = root.resolve(TEMPORARY + version);
      try {
        Files.createDirectory(temporary);
        observer.accept(PublishStep.DIRECTORY_CREATED);
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
          DurableFiles.write(temporary.resolve(file.getKey()), file.getValue());
          observer.accept(PublishStep.FILE_WRITTEN);
        }
        DurableFiles.syncDirectory(temporary);
        observer.accept(PublishStep.FILES_SYNCED);
        Files.move(temporary, root.resolve(version), StandardCopyOption.ATOMIC_MOVE);
        observer.accept(PublishStep.VERSION_VISIBLE);
        DurableFiles.syncDirectory(root);
        observer.accept(PublishStep.VERSION_SYNCED);
      } catch (IOException e) {
        deleteQuietly(temporary);
        throw e;
      }
    }

    @Override
    public void moveCurrent(String version) throws IOException {
      Path temporary = root.resolve(TEMPORARY + CURRENT);
      Files.deleteIfExists(temporary);
      DurableFiles.write(temporary, (version + "\n").getBytes(StandardCharsets.UTF_8));
      observer.accept(PublishStep.CURRENT_WRITTEN);
      Files.move(temporary, root.resolve(CURRENT), StandardCopyOption.ATOMIC_MOVE);
      observer.accept(PublishStep.CURRENT_MOVED);
      DurableFiles.syncDirectory(root);
      observer.accept(PublishStep.CURRENT_SYNCED);
    }

    @Override
    public void delete(String version) throws IOException {
      Path hidden = root.resolve(TEMPORARY + version);
      // One rename hides the complete version, so a reader never sees a part of it.
      Files.move(root.resolve(version), hidden, StandardCopyOption.ATOMIC_MOVE);
      DurableFiles.syncDirectory(root);
      deleteRecursively(hidden);
    }

    private void removeLeftovers() throws IOException {
      try (Stream<Path> children = Files.list(root)) {
        List<Path> leftovers =
            children.filter(c -> c.getFileName().toString().startsWith(TEMPORARY)).toList();
        for (Path leftover : leftovers) {
          deleteRecursively(leftover);
        }
      }
    }

    private static void deleteQuietly(Path path) {
      try {
        deleteRecursively(path);
      } catch (IOException e) {
        // A disk that fails to write may fail to delete too; the next writer cleans up.
      }
    }

    private static void deleteRecursively(Path path) throws IOException {
      if (Files.isDirectory(path)) {
        try (Stream<Path> children = Files.list(path)) {
          for (Path child : children.toList()) {
            deleteRecursively(child);
          }
        }
      }
      Files.deleteIfExists(path);
    }

    /** Releases the directory for the next writer. */
    @Override
    public void close() throws IOException {
      lock.close();
    }
  }
}
