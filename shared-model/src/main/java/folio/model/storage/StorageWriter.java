package folio.model.storage;

import java.io.IOException;
import java.util.Map;

/** A writer of a storage. Each change becomes visible in one step. Owned by one thread. */
public interface StorageWriter extends AutoCloseable {
  /**
   * Adds a version.
   *
   * @param files the files by name, in the order of writing, {@link Storage#COMMIT_FILE} last
   * @throws IOException if the version exists or cannot be written; then all of it or no part of it
   *     is visible
   */
  void add(String version, Map<String, byte[]> files) throws IOException;

  /**
   * Makes a version current.
   *
   * @throws java.nio.file.FileAlreadyExistsException if another writer has changed {@code CURRENT}
   *     since this writer was opened
   * @throws IOException if {@code CURRENT} cannot be written
   */
  void moveCurrent(String version) throws IOException;

  /**
   * Deletes a version.
   *
   * @throws IOException if the version cannot be deleted or has become current meanwhile
   */
  void delete(String version) throws IOException;

  @Override
  void close() throws IOException;
}
