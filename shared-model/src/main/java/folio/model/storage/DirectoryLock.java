package folio.model.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * An exclusive lock of a directory, which admits one writer at a time. The operating system
 * releases it when the process dies.
 */
public final class DirectoryLock implements AutoCloseable {
  /** The longest time to wait for another writer. */
  private static final Duration MAX_WAIT = Duration.ofSeconds(5);

  /** The time between two attempts to lock. */
  private static final Duration RETRY_INTERVAL = Duration.ofMillis(20);

  /**
   * The files that this process has locked. A POSIX lock belongs to the process, so closing any
   * channel on a file releases the lock that another channel holds on it.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;

  private DirectoryLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Locks a directory and creates it if it is missing.
   *
   * @throws IOException if the directory cannot be written, or if another writer has held the lock
   *     for five seconds; the message says which
   */
  public static DirectoryLock acquire(Path root) throws IOException {
    Path file = file(root);
    long deadline = System.nanoTime() + MAX_WAIT.toNanos();
    while (true) {
      DirectoryLock lock = HELD.add(file) ? lock(file) : null;
      if (lock != null) {
        return lock;
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IOException(
            "another process is writing to " + root + "; try again when it has finished");
      }
      LockSupport.parkNanos(RETRY_INTERVAL.toNanos());
    }
  }

  private static Path file(Path root) throws IOException {
    try {
      Files.createDirectories(root);
      return root.toRealPath().resolve(".lock");
    } catch (IOException e) {
      throw unwritable(root, e);
    }
  }

  private static IOException unwritable(Path root, IOException cause) {
    String reason = cause instanceof AccessDeniedException ? "permission denied" : cause.toString();
    return new IOException(
        root + " cannot be written: " + reason + "; choose another folder", cause);
  }

  /** Locks a file that this process has not locked; returns null if another process has. */
  private static DirectoryLock lock(Path file) throws IOException {
    FileChannel channel = null;
    boolean locked = false;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      locked = channel.tryLock() != null;
      return locked ? new DirectoryLock(file, channel) : null;
    } catch (FileSystemException e) {
      throw unwritable(file.getParent(), e);
    } finally {
      if (!locked) {
        if (channel != null) {
          channel.close();
        }
        HELD.remove(file);
      }
    }
  }

  /** Releases the lock. */
  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      HELD.remove(file);
    }
  }
}
