package folio.model.storage;

import static java.lang.System.Logger.Level.WARNING;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A disk cache of downloaded and computed files up to a total size. A downloaded file is named by
 * its digest, a computed file by the digest of its inputs. The least recently used file is deleted
 * first. If the disk cannot be written, the cache stores nothing and reports no error. Safe for use
 * by any thread and process.
 */
public final class FileCache {
  private static final System.Logger LOG = System.getLogger(FileCache.class.getName());
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

  /** The number of hex digits of a SHA-256. */
  private static final int DIGEST_DIGITS = 64;

  private static final AtomicLong TEMPORARY = new AtomicLong();

  private final Path folder;
  private final long maxBytes;

  /**
   * Creates a cache in a folder of its own, which is created at the first write.
   *
   * @param maxBytes the largest total size of the files in bytes
   */
  public FileCache(Path folder, long maxBytes) {
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  /** Returns the folder of the user's caches: {@code FOLIO_CACHE} or {@code ~/.cache/folio}. */
  public static Path folderOf(Map<String, String> environment) {
    String folder = environment.get("FOLIO_CACHE");
    return folder == null
        ? Path.of(System.getProperty("user.home"), ".cache", "folio")
        : UserPath.of(folder);
  }

  /** A source of a file that is not in the cache. */
  public interface Origin {
    /** Returns the content of the file. */
    byte[] read() throws IOException;
  }

  /**
   * Returns a file from the cache or from its origin.
   *
   * @param sha256 the digest of the file in lower-case hex; content of another digest is returned
   *     but not cached
   * @throws IOException if the origin cannot be read
   */
  public byte[] get(String sha256, Origin origin) throws IOException {
    if (sha256 == null || !DIGEST.matcher(sha256).matches()) {
      return origin.read();
    }
    Path file = folder.resolve(sha256);
    byte[] cached = read(file, sha256);
    if (cached != null) {
      return cached;
    }
    byte[] content = origin.read();
    if (content.length <= maxBytes && Sha256.hex(content).equals(sha256)) {
      store(file, content);
    }
    return content;
  }

  /**
   * Returns a computed file, such as a binary that was compiled from a source.
   *
   * @param sha256 the digest of all inputs in lower-case hex
   * @throws IOException if the origin cannot compute the file
   */
  public byte[] derived(String sha256, Origin origin) throws IOException {
    Path file = folder.resolve(sha256);
    byte[] cached = read(file);
    if (cached != null) {
      int digits = Math.min(DIGEST_DIGITS, cached.length);
      byte[] content = Arrays.copyOfRange(cached, digits, cached.length);
      if (Sha256.hex(content).equals(new String(cached, 0, digits, US_ASCII))) {
        touch(file);
        return content;
      }
    }
    byte[] content = origin.read();
    // The file's name is not its own digest, so its digest precedes the content.
    byte[] digestAndContent =
        Arrays.copyOf(Sha256.hex(content).getBytes(US_ASCII), DIGEST_DIGITS + content.length);
    System.arraycopy(content, 0, digestAndContent, DIGEST_DIGITS, content.length);
    if (digestAndContent.length <= maxBytes) {
      store(file, digestAndContent);
    }
    return content;
  }

  private static byte[] read(Path file, String sha256) {
    byte[] content = read(file);
    if (content == null || !Sha256.hex(content).equals(sha256)) {
      return null;
    }
    touch(file);
    return content;
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      return null; // the file is usually missing; an unreadable one is fetched from its origin
    }
  }

  private static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException e) {
      // The file belongs to another user; it may be deleted earlier than it should.
    }
  }

  private void store(Path file, byte[] content) {
    try {
      Files.createDirectories(folder);
      Path own = folder.resolve(ProcessHandle.current().pid() + "-" + TEMPORARY.getAndIncrement());
      try {
        Files.write(own, content);
        Files.move(own, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(own);
      }
      trim();
    } catch (IOException | UncheckedIOException e) {
      LOG.log(WARNING, "File cache write failed folder=" + folder + " error=" + e);
    }
  }

  private record CachedFile(Path file, long bytes, FileTime used) {}

  private void trim() throws IOException {
    List<CachedFile> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        try {
          all.add(new CachedFile(file, Files.size(file), Files.getLastModifiedTime(file)));
        } catch (NoSuchFileException e) {
          // Another process has just deleted the file.
        }
      }
    }
    all.sort(Comparator.comparing(CachedFile::used));
    long total = all.stream().mapToLong(CachedFile::bytes).sum();
    for (CachedFile oldest : all) {
      if (total <= maxBytes) {
        return;
      }
      Files.deleteIfExists(oldest.file());
      total -= oldest.bytes();
    }
  }
}
