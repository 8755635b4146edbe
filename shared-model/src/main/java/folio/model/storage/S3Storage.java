package folio.model.storage;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import software.amazon.awssdk.core.ResponseBytes;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;
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
  private static final Duration LEFTOVER_AGE = Duration.ofHours(1);

  private static final Duration ATTEMPT_TIMEOUT = Duration.ofMinutes(1);
  private static final Duration CALL_TIMEOUT = Duration.ofMinutes(3);

  private final S3Client client;
  private final String bucket;
  private final String prefix;

  /**
   * A part of a bucket.
   *
   * @param client stays the caller's
   * @param prefix empty, or ends with a slash
   */
  S3Storage(S3Client client, String bucket, String prefix) {
    this.client = client;
    this.bucket = bucket;
    this.prefix = prefix;
  }

  /**
   * A part of a bucket, with a client that lasts as long as the process.
   *
   * @param prefix empty, or ends with a slash
   */
  static S3Storage connect(String bucket, String prefix, Map<String, String> environment) {
    // The manifest has every file's digest; endpoints other than AWS's may not know S3's checksums.
    S3ClientBuilder builder =
        S3Client.builder()
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .overrideConfiguration(
                limits ->
                    limits.apiCallAttemptTimeout(ATTEMPT_TIMEOUT).apiCallTimeout(CALL_TIMEOUT));
    String endpoint =
        environment.getOrDefault("AWS_ENDPOINT_URL_S3", environment.get("AWS_ENDPOINT_URL"));
    if (endpoint != null) {
      // A bucket's own host name is AWS's way.
      builder.endpointOverride(URI.create(endpoint)).forcePathStyle(true);
      if (!environment.containsKey("AWS_REGION")) {
        builder.region(Region.US_EAST_1); // a signature needs one
      }
    }
    return new S3Storage(builder.build(), bucket, prefix);
  }

  @Override
  public Optional<String> current() throws IOException {
    try {
      return Optional.of(new String(get(CURRENT).asByteArray(), StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  @Override
  public List<String> names() throws IOException {
    return objects("").keySet().stream().filter(this::isSeal).map(S3Storage::version).toList();
  }

  @Override
  public boolean contains(String version) throws IOException {
    return objects(version + "/").containsKey(key(version, SEAL));
  }

  @Override
  public byte[] read(String version, String file) throws IOException {
    return get(version + "/" + file).asByteArray();
  }

  @Override
  public boolean remote() {
    return true;
  }

  @Override
  public StorageWriter write(Consumer<PublishStep> observer) throws IOException {
    Writer writer = new Writer(observer, currentTag());
    removeLeftovers();
    observer.accept(PublishStep.OPENED);
    return writer;
  }

  private String currentTag() throws IOException {
    try {
      return get(CURRENT).response().eTag();
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private boolean isSeal(String name) {
    return name.endsWith("/" + SEAL) && name.indexOf('/') == name.lastIndexOf('/');
  }

  private static String version(String name) {
    return name.substring(0, name.indexOf('/'));
  }

  private static String key(String version, String file) {
    return version + "/" + file;
  }

  private ResponseBytes<GetObjectResponse> get(String name) throws IOException {
    return call(name, () -> client.getObjectAsBytes(get -> get.bucket(bucket).key(prefix + name)));
  }

  private String put(PutObjectRequest.Builder request, String name, byte[] content)
      throws IOException {
    PutObjectRequest put = request.bucket(bucket).key(prefix + name).build();
    return call(name, () -> client.putObject(put, RequestBody.fromBytes(content)).eTag());
  }

  /**
   * As {@link #put}, on a condition; what was met may be an attempt of ours that seemed to fail.
   */
  private String putIf(PutObjectRequest.Builder request, String name, byte[] content)
      throws IOException {
    try {
      return put(request, name, content);
    } catch (FileAlreadyExistsException e) {
      ResponseBytes<GetObjectResponse> there = get(name);
      if (!Arrays.equals(there.asByteArray(), content)) {
        throw e;
      }
      return there.response().eTag();
    }
  }

  private void delete(String name) throws IOException {
    call(name, () -> client.deleteObject(delete -> delete.bucket(bucket).key(prefix + name)));
  }

  /** When each object was written, by its name below the prefix. */
  private Map<String, Instant> objects(String below) throws IOException {
    return call(
        below,
        () -> {
          Map<String, Instant> found = new HashMap<>();
          for (S3Object object :
              client
                  .listObjectsV2Paginator(list -> list.bucket(bucket).prefix(prefix + below))
                  .contents()) {
            found.put(object.key().substring(prefix.length()), object.lastModified());
          }
          return found;
        });
  }

  private interface Call<T> {
    T make();
  }

  private <T> T call(String name, Call<T> call) throws IOException {
    try {
      return call.make();
    } catch (S3Exception e) {
      if (e.statusCode() == HttpURLConnection.HTTP_NOT_FOUND && !noBucket(e)) {
        throw new NoSuchFileException(this + "/" + name);
      }
      if (e.statusCode() == HttpURLConnection.HTTP_PRECON_FAILED
          || e.statusCode() == HttpURLConnection.HTTP_CONFLICT) {
        throw new FileAlreadyExistsException(
            this + "/" + name, null, "was written by somebody else meanwhile; look, and try again");
      }
      throw new IOException(this + "/" + name + ": " + e.getMessage(), e);
    } catch (SdkException e) {
      throw new IOException(this + "/" + name + ": " + e.getMessage(), e);
    }
  }

  private static boolean noBucket(S3Exception e) {
    return e.awsErrorDetails() != null && "NoSuchBucket".equals(e.awsErrorDetails().errorCode());
  }

  private void removeLeftovers() throws IOException {
    Map<String, Instant> objects = objects("");
    Set<String> kept = new HashSet<>();
    Instant old = Instant.now().minus(LEFTOVER_AGE);
    objects.forEach(
        (name, written) -> {
          if (name.contains("/") && (isSeal(name) || written.isAfter(old))) {
            kept.add(version(name));
          }
        });
    for (String name : objects.keySet()) {
      if (name.contains("/") && !kept.contains(version(name))) {
        delete(name);
      }
    }
  }

  /** The address. */
  @Override
  public String toString() {
    return "s3://"
        + bucket
        + (prefix.isEmpty() ? "" : "/" + prefix.substring(0, prefix.length() - 1));
  }

  private final class Writer implements StorageWriter {
    private final Consumer<PublishStep> observer;
    private String currentTag;

    Writer(Consumer<PublishStep> observer, String currentTag) {
      this.observer = observer;
      this.currentTag = currentTag;
    }

    @Override
    public void add(String version, Map<String, byte[]> files) throws IOException {
      if (contains(version)) {
        throw new IOException(key(version, SEAL) + " is there already");
      }
      try {
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
          String name = key(version, file.getKey());
          if (file.getKey().equals(SEAL)) {
            putIf(PutObjectRequest.builder().ifNoneMatch("*"), name, file.getValue());
            observer.accept(PublishStep.VERSION_VISIBLE);
          } else {
            put(PutObjectRequest.builder(), name, file.getValue());
            observer.accept(PublishStep.FILE_WRITTEN);
          }
        }
      } catch (FileAlreadyExistsException e) {
        throw e; // it is somebody else's now
      } catch (IOException e) {
        deleteQuietly(version);
        throw e;
      }
    }

    private void deleteQuietly(String version) {
      try {
        delete(version);
      } catch (IOException e) {
        // What could not be written may not be deleted either; a later writer cleans up.
      }
    }

    @Override
    public void moveCurrent(String version) throws IOException {
      PutObjectRequest.Builder request = PutObjectRequest.builder();
      currentTag =
          putIf(
              currentTag == null ? request.ifNoneMatch("*") : request.ifMatch(currentTag),
              CURRENT,
              (version + "\n").getBytes(StandardCharsets.UTF_8));
      observer.accept(PublishStep.CURRENT_MOVED);
    }

    @Override
    public void delete(String version) throws IOException {
      S3Storage.this.delete(key(version, SEAL));
      for (String name : objects(version + "/").keySet()) {
        S3Storage.this.delete(name);
      }
    }

    /** Nothing is to be let go of. */
    @Override
    public void close() {}
  }
}
