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
 * Keeps what was fetched from afar on a disk, each file under its digest, and what took long to
 * make, up to a total size: the one that was not used for longest goes first. A disk that cannot be
 * written keeps nothing, and is no error. Safe for use by any thread and process.
 */
public final class FileCache {
  private static final System.Logger LOG = System.getLogger(FileCache.class.getName());
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final int DIGEST_DIGITS = 64;
  private static final AtomicLong TEMPORARY = new AtomicLong();

  private final Path folder;
  private final long mostBytes;

  /**
   * A cache in a folder of its own, made when first needed.
   *
   * @param mostBytes of all files together
   */
  public FileCache(Path folder, long mostBytes) {
    this.folder = folder;
    this.mostBytes = mostBytes;
  }

  /** Where this user's caches are: {@code FOLIO_CACHE}, or {@code .cache/folio} at home. */
  public static Path folderOf(Map<String, String> environment) {
    String folder = environment.get("FOLIO_CACHE");
    return folder == null
        ? Path.of(System.getProperty("user.home"), ".cache", "folio")
        : Path.of(folder);
  }

  /** Where a file can be had that is not in the cache. */
  public interface Origin {
    /** The content. */
    byte[] read() throws IOException;
  }

  /**
   * The file with a digest.
   *
   * @param sha256 in lower-case hex; what comes from the origin may have another one, which is then
   *     not kept
   * @throws IOException if the origin cannot be read
   */
  public byte[] get(String sha256, Origin origin) throws IOException {
    if (sha256 == null || !DIGEST.matcher(sha256).matches()) {
      return origin.read();
    }
    Path file = folder.resolve(sha256);
    byte[] kept = kept(file, sha256);
    if (kept != null) {
      return kept;
    }
    byte[] content = origin.read();
    if (content.length <= mostBytes && Sha256.hex(content).equals(sha256)) {
      keep(file, content);
    }
    return content;
  }

  /**
   * What was made from something, such as a binary from a source.
   *
   * @param sha256 of all that it depends on, in lower-case hex
   * @throws IOException if the origin cannot make it
   */
  public byte[] derived(String sha256, Origin origin) throws IOException {
    Path file = folder.resolve(sha256);
    byte[] kept = kept(file);
    if (kept != null) {
      int digits = Math.min(DIGEST_DIGITS, kept.length);
      byte[] content = Arrays.copyOfRange(kept, digits, kept.length);
      if (Sha256.hex(content).equals(new String(kept, 0, digits, US_ASCII))) {
        touch(file);
        return content;
      }
    }
    byte[] content = origin.read();
    // Its digest comes first: the name is not its own.
    byte[] whole =
        Arrays.copyOf(Sha256.hex(content).getBytes(US_ASCII), DIGEST_DIGITS + content.length);
    System.arraycopy(content, 0, whole, DIGEST_DIGITS, content.length);
    if (whole.length <= mostBytes) {
      keep(file, whole);
    }
    return content;
  }

  private static byte[] kept(Path file, String sha256) {
    byte[] content = kept(file);
    if (content == null || !Sha256.hex(content).equals(sha256)) {
      return null;
    }
    touch(file);
    return content;
  }

  private static byte[] kept(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      return null; // mostly for want of the file; otherwise it can be had from its origin
    }
  }

  private static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException e) {
      // Somebody else's file: it may go earlier than it should.
    }
  }

  private void keep(Path file, byte[] content) {
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
      LOG.log(WARNING, "nothing is kept in " + folder + ": " + e);
    }
  }

  private record Kept(Path file, long bytes, FileTime used) {}

  private void trim() throws IOException {
    List<Kept> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        try {
          all.add(new Kept(file, Files.size(file), Files.getLastModifiedTime(file)));
        } catch (NoSuchFileException e) {
          // another process was faster
        }
      }
    }
    all.sort(Comparator.comparing(Kept::used));
    long total = all.stream().mapToLong(Kept::bytes).sum();
    for (Kept oldest : all) {
      if (total <= mostBytes) {
        return;
      }
      Files.deleteIfExists(oldest.file());
      total -= oldest.bytes();
    }
  }
}
