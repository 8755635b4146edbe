package folio.model.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** Keeps two writers of one directory apart. The system releases it when its process dies. */
public final class DirectoryLock implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration RETRY_EVERY = Duration.ofMillis(20);

  /**
   * The files that this process holds. The system's locks belong to the process: closing any
   * channel on a file would let go of the lock that another channel here has on it.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;

  private DirectoryLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Locks a directory, creating it where needed.
   *
   * @throws IOException if the directory cannot be written, or another writer has held the lock for
   *     five seconds; the message says which
   */
  public static DirectoryLock acquire(Path root) throws IOException {
    Path file = file(root);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      DirectoryLock lock = HELD.add(file) ? lock(file) : null;
      if (lock != null) {
        return lock;
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IOException(
            "another process is writing to " + root + "; try again when it has finished");
      }
      LockSupport.parkNanos(RETRY_EVERY.toNanos());
    }
  }

  private static Path file(Path root) throws IOException {
    try {
      Files.createDirectories(root);
      return root.toRealPath().resolve(".lock");
    } catch (IOException e) {
      throw new IOException(root + " cannot be written: " + e, e);
    }
  }

  /** Locks a file that nobody in this process holds, or returns null if another process does. */
  private static DirectoryLock lock(Path file) throws IOException {
    FileChannel channel = null;
    boolean locked = false;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      locked = channel.tryLock() != null;
      return locked ? new DirectoryLock(file, channel) : null;
    } finally {
      if (!locked) {
        if (channel != null) {
          channel.close();
        }
        HELD.remove(file);
      }
    }
  }

  /** Lets the next writer in. */
  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      HELD.remove(file);
    }
  }
}
