package folio.model.storage;

import java.io.IOException;
import java.util.Map;

/** Changes a storage, each time in one instant. Owned by one thread. */
public interface StorageWriter extends AutoCloseable {
  /**
   * Adds a version.
   *
   * @param files by name, in the order in which they are written, {@link Storage#SEAL} last
   * @throws IOException if it cannot be written or is there already; no part of it is visible then,
   *     at most all of it
   */
  void add(String version, Map<String, byte[]> files) throws IOException;

  /**
   * Makes a version the current one.
   *
   * @throws java.nio.file.FileAlreadyExistsException if another writer changed it since this one
   *     was opened
   * @throws IOException if it cannot be written
   */
  void moveCurrent(String version) throws IOException;

  /**
   * Deletes a version.
   *
   * @throws IOException if it cannot be deleted, or has become the current one meanwhile
   */
  void delete(String version) throws IOException;

  @Override
  void close() throws IOException;
}
