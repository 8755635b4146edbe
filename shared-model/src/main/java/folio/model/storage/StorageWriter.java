package folio.model.storage;

import java.io.IOException;
import java.util.Map;

/** Changes a storage, each time in one instant. Owned by one thread. */
public interface StorageWriter extends AutoCloseable {
  /**
   * Adds a version.
   *
   * @param files by name, in the order in which they are written, {@link Storage#SEAL} last
   * @throws IOException if it cannot be written or is there already; nothing of it is left then
   */
  void add(String version, Map<String, byte[]> files) throws IOException;

  /**
   * Makes a version the current one.
   *
   * @throws IOException if it cannot be written, or another writer changed it since this one was
   *     opened; the old one stands then
   */
  void moveCurrent(String version) throws IOException;

  /** Deletes a version. */
  void delete(String version) throws IOException;

  @Override
  void close() throws IOException;
}
