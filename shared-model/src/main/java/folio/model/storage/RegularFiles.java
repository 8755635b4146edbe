package folio.model.storage;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Reads files whose content another program controls. A file that is too large is not read, so it
 * cannot fill the heap; a pipe, socket or device is not opened, so it cannot block the thread.
 */
public final class RegularFiles {
  private RegularFiles() {}

  /**
   * Returns the content of a file.
   *
   * @param maxBytes the size of the largest file that is accepted
   * @throws java.nio.file.NoSuchFileException if the file does not exist
   * @throws FileTooLargeException if the file is larger than {@code maxBytes}
   * @throws IOException if the file is not a regular file, or cannot be read
   */
  public static byte[] read(Path file, long maxBytes) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    if (!attributes.isRegularFile()) {
      throw new IOException(file + " is not a regular file");
    }
    if (attributes.size() > maxBytes) {
      throw new FileTooLargeException(file.toString(), attributes.size(), maxBytes);
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes((int) Math.min(maxBytes, Integer.MAX_VALUE - 8));
      if (in.read() >= 0) { // it has grown meanwhile
        throw new FileTooLargeException(file.toString(), Files.size(file), maxBytes);
      }
      return content;
    }
  }
}
