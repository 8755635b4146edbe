package folio.model.storage;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * A storage of versions, of the name of the current one, and of the records of training runs. A
 * version is a set of named files. It becomes visible in one step and never changes. Safe for use
 * by any thread and process; {@code toString} returns its address.
 */
public interface Storage {
  /** The form of a version's name, {@code 20261123T184500Z-1a2b3c4d}. */
  Pattern VERSION = Pattern.compile("\\d{8}T\\d{6}Z-[0-9a-f]{8}");

  /** The file whose presence makes a version visible. It is written last and deleted first. */
  String COMMIT_FILE = "manifest.json";

  /** The size in bytes of the largest {@link #COMMIT_FILE}. */
  int MAX_COMMIT_FILE_BYTES = 1 << 20;

  /** The name of the file that names the current version. */
  String CURRENT = "CURRENT";

  /** The size in bytes of the largest {@code CURRENT}: a version's name, with room for spaces. */
  int MAX_CURRENT_BYTES = 100;

  /**
   * Returns the content of {@code CURRENT}, or empty if the file does not exist.
   *
   * @throws FileTooLargeException if it is larger than {@link #MAX_CURRENT_BYTES}
   */
  Optional<String> current() throws IOException;

  /** Returns the names of all versions, and perhaps of other objects, in no particular order. */
  List<String> names() throws IOException;

  /** Returns whether a version exists. */
  boolean contains(String version) throws IOException;

  /**
   * Returns the content of a version's file.
   *
   * @param maxBytes the size of the largest file that is accepted
   * @throws FileTooLargeException if the file is larger; it is not read
   */
  byte[] read(String version, String file, long maxBytes) throws IOException;

  /**
   * Returns a text that changes when a file of a version is added, removed or written, or empty if
   * the storage cannot tell cheaply.
   */
  default Optional<String> stamp(String version) throws IOException {
    return Optional.empty();
  }

  /** Returns the records of training runs. */
  RunStorage runs();

  /** Returns whether the storage is on another machine, so that a disk cache is useful. */
  default boolean remote() {
    return false;
  }

  /**
   * Opens the storage for writing and deletes the leftovers of killed writers.
   *
   * @param observer receives each step of the writer on the writing thread
   */
  StorageWriter write(Consumer<PublishStep> observer) throws IOException;
}
