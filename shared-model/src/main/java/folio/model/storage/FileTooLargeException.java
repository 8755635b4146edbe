package folio.model.storage;

import java.io.IOException;

/** An error of a file that is larger than its reader accepts; the file was not read. */
public final class FileTooLargeException extends IOException {
  private static final long serialVersionUID = 1L;

  private final long sizeBytes;

  /**
   * Creates an exception.
   *
   * @param file the address of the file, for the message
   * @param sizeBytes the size of the file
   * @param maxBytes the size of the largest file that is accepted
   */
  public FileTooLargeException(String file, long sizeBytes, long maxBytes) {
    super(file + " has " + sizeBytes + " bytes; it must have at most " + maxBytes);
    this.sizeBytes = sizeBytes;
  }

  /** Returns the size of the file in bytes. */
  public long sizeBytes() {
    return sizeBytes;
  }
}
