package folio.model.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.UUID;

/** File operations whose results survive a loss of power and become visible in one step. */
public final class DurableFiles {
  private DurableFiles() {}

  /**
   * Writes a file and waits until it is on disk.
   *
   * @throws IOException if the file exists already or cannot be written
   */
  static void write(Path file, byte[] content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer rest = ByteBuffer.wrap(content);
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
      channel.force(true);
    }
  }

  /**
   * Replaces a file in one step through a temporary sibling.
   *
   * @throws IOException if the file cannot be written; the old file stays then
   */
  public static void replace(Path file, byte[] content) throws IOException {
    Path temporary = file.resolveSibling("." + file.getFileName() + ".tmp");
    Files.deleteIfExists(temporary);
    try {
      write(temporary, content);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw e;
    }
    syncDirectory(file.toAbsolutePath().getParent());
  }

  /**
   * Creates a folder with its files in one step, through a temporary sibling.
   *
   * @param files the contents by name
   * @throws IOException if the folder exists and is not empty, or cannot be written; nothing of it
   *     is visible then
   */
  public static void createFolder(Path folder, Map<String, byte[]> files) throws IOException {
    // A killed writer leaves its folder behind, so each writer has a name of its own.
    Path temporary =
        folder.resolveSibling("." + folder.getFileName() + "." + UUID.randomUUID() + ".tmp");
    Files.createDirectory(temporary);
    try {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        write(temporary.resolve(file.getKey()), file.getValue());
      }
      syncDirectory(temporary);
      Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      for (String name : files.keySet()) {
        Files.deleteIfExists(temporary.resolve(name));
      }
      Files.deleteIfExists(temporary);
      throw e;
    }
    syncDirectory(folder.toAbsolutePath().getParent());
  }

  /** Waits until the entries of a directory are on disk. */
  static void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
