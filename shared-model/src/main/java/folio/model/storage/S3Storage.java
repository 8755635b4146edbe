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
import software.amazon.awssdk.core.ResponseBytes;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Objects in a bucket, of AWS or of anything that speaks S3. A version is there once its seal is:
 * the seal is written last, and only where there is none. {@code CURRENT} is replaced only if it is
 * still what the writer saw when it was opened. Writers need no lock: two may add versions at once,
 * and of two that move {@code CURRENT} one is refused.
 *
 * <p>Endpoint, region and credentials come from the environment, as for all programs that use S3:
 * {@code AWS_ENDPOINT_URL_S3}, {@code AWS_REGION}, {@code AWS_ACCESS_KEY_ID} and so on.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html">Amazon
 *     S3, conditional writes</a>
 */
public final class S3Storage implements Storage {
  /** A version without a seal is left by a killed writer if its newest file is as old as this. */
  static final Duration LEFTOVER_AGE = Duration.ofHours(1);

  /** For what is asked for every second. */
  private static final Duration SHORT_TIMEOUT = Duration.ofSeconds(5);

  private final S3Bucket bucket;
  private final Duration leftoverAge;

  /**
   * Versions in a bucket.
   *
   * @param leftoverAge how old the newest file of a version without a seal must be to be deleted
   */
  S3Storage(S3Bucket bucket, Duration leftoverAge) {
    this.bucket = bucket;
    this.leftoverAge = leftoverAge;
  }

  @Override
  public Optional<String> current() throws IOException {
    return Optional.ofNullable(currentObject())
        .map(object -> new String(object.asByteArray(), StandardCharsets.UTF_8));
  }

  private ResponseBytes<GetObjectResponse> currentObject() throws IOException {
    try {
      return bucket.get(CURRENT, SHORT_TIMEOUT);
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
    return bucket.names(version + "/").contains(key(version, SEAL));
  }

  @Override
  public byte[] read(String version, String file) throws IOException {
    return bucket.get(key(version, file)).asByteArray();
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
    return name.endsWith("/" + SEAL) && name.indexOf('/') == name.lastIndexOf('/');
  }

  private static String version(String name) {
    return name.substring(0, name.indexOf('/'));
  }

  private static String key(String version, String file) {
    return version + "/" + file;
  }

  /** Deletes files of versions that were never finished; whatever else lies there is not ours. */
  private void removeLeftovers() throws IOException {
    Map<String, Instant> newest = new HashMap<>();
    Map<String, List<String>> files = new HashMap<>();
    Set<String> sealed = new HashSet<>();
    Instant now = null;
    for (ListObjectsV2Response page : bucket.pages("")) {
      now = timeOf(page); // the server's clock also wrote the files' times
      for (S3Object object : page.contents()) {
        String name = bucket.name(object);
        if (!isOfAVersion(name)) {
          continue;
        }
        files.computeIfAbsent(version(name), version -> new ArrayList<>()).add(name);
        newest.merge(version(name), object.lastModified(), (a, b) -> a.isAfter(b) ? a : b);
        if (isSeal(name)) {
          sealed.add(version(name));
        }
      }
    }
    for (Map.Entry<String, List<String>> version : files.entrySet()) {
      boolean old = !newest.get(version.getKey()).plus(leftoverAge).isAfter(now);
      if (old && !sealed.contains(version.getKey())) {
        for (String name : version.getValue()) {
          bucket.delete(name);
        }
      }
    }
  }

  private static boolean isOfAVersion(String name) {
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

  /** The address. */
  @Override
  public String toString() {
    return bucket.toString();
  }

  private final class Writer implements StorageWriter {
    private final Consumer<PublishStep> observer;
    private String tag;
    private byte[] current;

    Writer(Consumer<PublishStep> observer, ResponseBytes<GetObjectResponse> current) {
      this.observer = observer;
      this.tag = current == null ? null : current.response().eTag();
      this.current = current == null ? null : current.asByteArray();
    }

    @Override
    public void add(String version, Map<String, byte[]> files) throws IOException {
      if (contains(version)) {
        throw new IOException(key(version, SEAL) + " is there already");
      }
      boolean sealing = false; // from then on it may be there, whatever the answer
      try {
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
          String name = key(version, file.getKey());
          sealing = file.getKey().equals(SEAL);
          if (sealing) {
            bucket.put(name, file.getValue(), null);
            observer.accept(PublishStep.VERSION_VISIBLE);
          } else {
            bucket.put(name, file.getValue());
            observer.accept(PublishStep.FILE_WRITTEN);
          }
        }
      } catch (FileAlreadyExistsException e) {
        throw e; // it is somebody else's now
      } catch (IOException e) {
        if (!sealing) {
          deleteQuietly(version);
        }
        throw e;
      }
    }

    private void deleteQuietly(String version) {
      try {
        deleteFiles(version); // it has no seal
      } catch (IOException e) {
        // What could not be written may not be deleted either; a later writer cleans up.
      }
    }

    @Override
    public void moveCurrent(String version) throws IOException {
      byte[] content = (version + "\n").getBytes(StandardCharsets.UTF_8);
      String written = bucket.put(CURRENT, content, tag);
      if (!contains(version)) {
        takeBack(written);
        throw new NoSuchFileException(key(version, SEAL), null, "it has just been deleted");
      }
      tag = written;
      current = content;
      observer.accept(PublishStep.CURRENT_MOVED);
    }

    private void takeBack(String written) throws IOException {
      if (current == null) {
        bucket.delete(CURRENT);
      } else {
        tag = bucket.put(CURRENT, current, written);
      }
    }

    /** Its seal goes first; whoever moves {@code CURRENT} looks for it afterwards. */
    @Override
    public void delete(String version) throws IOException {
      byte[] seal = read(version, SEAL);
      bucket.delete(key(version, SEAL));
      if (S3Storage.this.current().map(String::strip).filter(version::equals).isPresent()) {
        bucket.put(key(version, SEAL), seal);
        throw new IOException(key(version, SEAL) + " stays: it has just become current");
      }
      deleteFiles(version);
    }

    private void deleteFiles(String version) throws IOException {
      for (String name : bucket.names(version + "/")) {
        bucket.delete(name);
      }
    }

    /** Nothing is to be let go of. */
    @Override
    public void close() {}
  }
}
