package folio.model.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A directory of checkpoints. Reading needs no lock, as versions never change and appear whole;
 * {@link #write} locks out other writers. Safe for use by any thread and process.
 */
public final class CheckpointStore {
  /** The file that names the version to serve. */
  static final String CURRENT = "CURRENT";

  private static final Pattern VERSION = Pattern.compile("\\d{8}T\\d{6}Z-[0-9a-f]{8}");

  private final Path root;

  /**
   * A store in a directory, which need not exist yet.
   *
   * @param root where the versions and {@code CURRENT} lie
   */
  public CheckpointStore(Path root) {
    this.root = root;
  }

  /** Where the versions and {@code CURRENT} lie. */
  public Path root() {
    return root;
  }

  /** Whether a text has the form of a version's name, {@code 20261123T184500Z-1a2b3c4d}. */
  public static boolean isVersion(String name) {
    return VERSION.matcher(name).matches();
  }

  /**
   * The version that {@code CURRENT} names, or nothing if there is no such file.
   *
   * @throws CheckpointException if it cannot be read or does not hold a version's name
   */
  public Optional<String> current() {
    Path file = root.resolve(CURRENT);
    String name;
    try {
      name = Files.readString(file).strip();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new CheckpointException(file + " cannot be read: " + e, e);
    }
    if (!isVersion(name)) {
      throw new CheckpointException(file + " does not name a version: '" + name + "'");
    }
    return Optional.of(name);
  }

  /**
   * The names of all versions, oldest first; none if there is no such directory.
   *
   * @throws CheckpointException if the directory cannot be read
   */
  public List<String> versions() {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(root)) {
      return children
          .map(child -> child.getFileName().toString())
          .filter(CheckpointStore::isVersion)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new CheckpointException(root + " cannot be read: " + e, e);
    }
  }

  /**
   * Reads and verifies a version.
   *
   * @throws CheckpointException if there is no such version or it is not whole
   */
  public Checkpoint open(String version) {
    return Checkpoint.read(version, CheckpointFiles.in(directory(version)));
  }

  /**
   * The manifest of a version, without a look at its other files.
   *
   * @throws CheckpointException if there is no such version or its manifest cannot be used
   */
  public CheckpointManifest manifest(String version) {
    Path file = directory(version).resolve(CheckpointFiles.MANIFEST);
    try {
      return CheckpointJson.readManifest(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new CheckpointException(file + " cannot be read: " + e, e);
    } catch (CheckpointException e) {
      throw new CheckpointException("checkpoint " + version + ": " + e.getMessage(), e);
    }
  }

  private Path directory(String version) {
    if (!isVersion(version) || !Files.isDirectory(root.resolve(version))) {
      throw new CheckpointException("there is no checkpoint " + version + " in " + root);
    }
    return root.resolve(version);
  }

  /**
   * Locks the store for writing, creating its directory where needed. Waits a few seconds for
   * another writer: publishing takes milliseconds.
   *
   * @throws CheckpointException if the directory cannot be written, or another writer stays
   */
  public CheckpointWriter write() {
    return write(step -> {});
  }

  /**
   * As {@link #write()}, telling an observer of every step.
   *
   * @param observer called on the writing thread
   */
  public CheckpointWriter write(Consumer<PublishStep> observer) {
    return new CheckpointWriter(this, observer);
  }
}
