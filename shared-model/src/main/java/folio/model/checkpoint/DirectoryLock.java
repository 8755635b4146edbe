package folio.model.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Keeps two writers of one directory apart. The system releases it when its process dies. */
public final class DirectoryLock implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration RETRY_EVERY = Duration.ofMillis(20);

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Locks a directory, creating it where needed.
   *
   * @throws CheckpointException if the directory cannot be written, or another writer has held the
   *     lock for five seconds
   */
  public static DirectoryLock acquire(Path root) {
    FileChannel channel = null;
    try {
      Files.createDirectories(root);
      channel =
          FileChannel.open(
              root.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (tryLock(channel) == null) {
        if (System.nanoTime() - deadline > 0) {
          channel.close();
          throw new CheckpointException(
              "another process is writing to " + root + "; try again when it has finished");
        }
        LockSupport.parkNanos(RETRY_EVERY.toNanos());
      }
      return new DirectoryLock(channel);
    } catch (IOException e) {
      throw new CheckpointException(root + " cannot be written: " + e, e);
    }
  }

  private static FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // a writer in this process
    }
  }

  /** Lets the next writer in. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new CheckpointException("a lock cannot be released: " + e, e);
    }
  }
}
