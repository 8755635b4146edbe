package folio.model.storage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * A storage in a bucket of AWS or of another server that implements S3. A version exists once its
 * commit file exists: the commit file is written last, and only if there is none yet. {@code
 * CURRENT} is replaced only if no other writer has changed it since the writer was opened. Writers
 * need no lock: two writers may add versions at once, and of two writers that move {@code CURRENT}
 * the slower one fails.
 *
 * <p>Endpoint, region and credentials come from the usual environment variables of S3 clients:
 * {@code AWS_ENDPOINT_URL_S3}, {@code AWS_REGION}, {@code AWS_ACCESS_KEY_ID} and so on.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html">Amazon
 *     S3, conditional writes</a>
 */
public final class S3Storage implements Storage {
  /**
   * The age of the newest file from which a version without a commit file counts as the leftover of
   * a killed writer.
   */
  static final Duration LEFTOVER_AGE = Duration.ofHours(1);

  /** The time limit of reading {@code CURRENT}, which a watcher does every second. */
  private static final Duration CURRENT_TIMEOUT = Duration.ofSeconds(5);

  private final S3Bucket bucket;
  private final Duration leftoverAge;

  /**
   * Creates a storage in a bucket.
   *
   * @param leftoverAge the age of the newest file from which a version without a commit file is
   *     deleted
   */
  S3Storage(S3Bucket bucket, Duration leftoverAge) {
    this.bucket = bucket;
    this.leftoverAge = leftoverAge;
  }

  @Override
  public Optional<String> current() throws IOException {
    return Optional.ofNullable(currentObject())
        .map(object -> new String(object.content(), StandardCharsets.UTF_8));
  }

  private S3Bucket.Download currentObject() throws IOException {
    try {
      return bucket.get(CURRENT, MAX_CURRENT_BYTES, CURRENT_TIMEOUT);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  @Override
  public List<String> names() throws IOException {
    return bucket.names("").stream().filter(S3Storage::isSeal).map(S3Storage::version).toList();
  }

  @Override
  public boolean contains(String version) throws IOException {
    return bucket.names(version + "/").contains(key(version, COMMIT_FILE));
  }

  @Override
  public byte[] read(String version, String file, long maxBytes) throws IOException {
    return bucket.get(key(version, file), maxBytes).content();
  }

  @Override
  public RunStorage runs() {
    return new S3Runs(bucket);
  }

  @Override
  public boolean remote() {
    return true;
  }

  @Override
  public StorageWriter write(Consumer<PublishStep> observer) throws IOException {
    Writer writer = new Writer(observer, currentObject());
    removeLeftovers();
    observer.accept(PublishStep.OPENED);
    return writer;
  }

  private static boolean isSeal(String name) {
    return name.endsWith("/" + COMMIT_FILE) && name.indexOf('/') == name.lastIndexOf('/');
  }

  private static String version(String name) {
    return name.substring(0, name.indexOf('/'));
  }

  private static String key(String version, String file) {
    return version + "/" + file;
  }

  /** Deletes the files of unfinished versions and no other objects. */
  private void removeLeftovers() throws IOException {
    Map<String, Instant> newest = new HashMap<>();
    Map<String, List<String>> files = new HashMap<>();
    Set<String> committed = new HashSet<>();
    Instant now = null;
    for (ListObjectsV2Response page : bucket.pages("")) {
      now = timeOf(page); // by the server's clock, like the times of the files
      for (S3Object object : page.contents()) {
        String name = bucket.name(object);
        if (!isFileOfVersion(name)) {
          continue;
        }
        files.computeIfAbsent(version(name), version -> new ArrayList<>()).add(name);
        newest.merge(version(name), object.lastModified(), (a, b) -> a.isAfter(b) ? a : b);
        if (isSeal(name)) {
          committed.add(version(name));
        }
      }
    }
    for (Map.Entry<String, List<String>> version : files.entrySet()) {
      boolean old = !newest.get(version.getKey()).plus(leftoverAge).isAfter(now);
      if (old && !committed.contains(version.getKey())) {
        for (String name : version.getValue()) {
          bucket.delete(name);
        }
      }
    }
  }

  private static boolean isFileOfVersion(String name) {
    int slash = name.indexOf('/');
    return slash == name.lastIndexOf('/')
        && slash > 0
        && VERSION.matcher(name.substring(0, slash)).matches();
  }

  private static Instant timeOf(ListObjectsV2Response answer) {
    return answer
        .sdkHttpResponse()
        .firstMatchingHeader("Date")
        .map(date -> DateTimeFormatter.RFC_1123_DATE_TIME.parse(date, Instant::from))
        .orElseGet(Instant::now);
  }

  /** Returns the address, {@code s3://BUCKET/PREFIX}. */
  @Override
  public String toString() {
    return bucket.toString();
  }

  private final class Writer implements StorageWriter {
    private final Consumer<PublishStep> observer;
    private String tag;
    private byte[] current;

    Writer(Consumer<PublishStep> observer, S3Bucket.Download current) {
      this.observer = observer;
      this.tag = current == null ? null : current.tag();
      this.current = current == null ? null : current.content();
    }

    @Override
    public void add(String version, Map<String, byte[]> files) throws IOException {
      if (contains(version)) {
        throw new IOException(key(version, COMMIT_FILE) + " exists already");
      }
      boolean committing = false; // once true, the version may be visible even if a request fails
      try {
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
          String name = key(version, file.getKey());
          committing = file.getKey().equals(COMMIT_FILE);
          if (committing) {
            bucket.put(name, file.getValue(), null);
            observer.accept(PublishStep.VERSION_VISIBLE);
          } else {
            bucket.put(name, file.getValue());
            observer.accept(PublishStep.FILE_WRITTEN);
          }
        }
      } catch (FileAlreadyExistsException e) {
        throw e; // another writer has added this version, so its files stay
      } catch (IOException e) {
        if (!committing) {
          deleteQuietly(version);
        }
        throw e;
      }
    }

    private void deleteQuietly(String version) {
      try {
        deleteFiles(version); // the version has no commit file, so no reader sees it
      } catch (IOException e) {
        // A bucket that fails to write may fail to delete too; a later writer cleans up.
      }
    }

    @Override
    public void moveCurrent(String version) throws IOException {
      byte[] content = (version + "\n").getBytes(StandardCharsets.UTF_8);
      String written = bucket.put(CURRENT, content, tag);
      if (!contains(version)) {
        restoreCurrent(written);
        throw new NoSuchFileException(
            key(version, COMMIT_FILE), null, "another process has just deleted it");
      }
      tag = written;
      current = content;
      observer.accept(PublishStep.CURRENT_MOVED);
    }

    private void restoreCurrent(String written) throws IOException {
      if (current == null) {
        bucket.delete(CURRENT);
      } else {
        tag = bucket.put(CURRENT, current, written);
      }
    }

    /**
     * Deletes the commit file first. A writer that moves {@code CURRENT} looks for the commit file
     * after its move, so {@code CURRENT} never names a deleted version.
     */
    @Override
    public void delete(String version) throws IOException {
      byte[] commitFile = read(version, COMMIT_FILE, MAX_COMMIT_FILE_BYTES);
      bucket.delete(key(version, COMMIT_FILE));
      if (S3Storage.this.current().map(String::strip).filter(version::equals).isPresent()) {
        bucket.put(key(version, COMMIT_FILE), commitFile);
        throw new IOException(
            key(version, COMMIT_FILE) + " cannot be deleted: its version has just become CURRENT");
      }
      deleteFiles(version);
    }

    private void deleteFiles(String version) throws IOException {
      for (String name : bucket.names(version + "/")) {
        bucket.delete(name);
      }
    }

    /** Does nothing, since a writer of a bucket holds no lock. */
    @Override
    public void close() {}
  }
}
