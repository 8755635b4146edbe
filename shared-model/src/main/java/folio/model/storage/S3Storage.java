package folio.model.storage;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
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
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.AwsProfileRegionProvider;
import software.amazon.awssdk.regions.providers.AwsRegionProvider;
import software.amazon.awssdk.regions.providers.AwsRegionProviderChain;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.regions.providers.SystemSettingsRegionProvider;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
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
  static final Duration LEFTOVER_AGE = Duration.ofHours(1);

  /** For what is asked for every second. */
  private static final Duration SHORT_TIMEOUT = Duration.ofSeconds(5);

  private static final Duration ATTEMPT_TIMEOUT = Duration.ofMinutes(1);
  private static final Duration CALL_TIMEOUT = Duration.ofMinutes(3);

  private final S3Client client;
  private final String bucket;
  private final String prefix;
  private final Duration leftoverAge;

  /**
   * A part of a bucket.
   *
   * @param client stays the caller's
   * @param prefix empty, or ends with a slash
   * @param leftoverAge how old the newest file of a version without a seal must be to be deleted
   */
  S3Storage(S3Client client, String bucket, String prefix, Duration leftoverAge) {
    this.client = client;
    this.bucket = bucket;
    this.prefix = prefix;
    this.leftoverAge = leftoverAge;
  }

  /**
   * A part of a bucket, with a client that lasts as long as the process.
   *
   * @param prefix empty, or ends with a slash
   * @throws IllegalArgumentException if the environment names no region, or an endpoint that is
   *     none
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
    boolean elsewhere = false;
    for (String variable : List.of("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")) {
      if (environment.containsKey(variable)) {
        builder.endpointOverride(endpoint(variable, environment.get(variable)));
        elsewhere = true;
      }
    }
    builder.forcePathStyle(elsewhere); // a bucket's own host name is AWS's way
    builder.region(region(elsewhere));
    return new S3Storage(builder.build(), bucket, prefix, LEFTOVER_AGE);
  }

  private static URI endpoint(String variable, String value) {
    try {
      URI address = new URI(value);
      if (value.matches("https?://.*") && address.getHost() != null) {
        return address;
      }
    } catch (URISyntaxException e) {
      // it is said below
    }
    throw new IllegalArgumentException(
        variable + " is '" + value + "'; legal are http://HOST:PORT and https://HOST:PORT");
  }

  private static Region region(boolean elsewhere) {
    AwsRegionProvider known =
        elsewhere // then there is no machine of AWS's to be asked
            ? new AwsRegionProviderChain(
                new SystemSettingsRegionProvider(), new AwsProfileRegionProvider())
            : new DefaultAwsRegionProviderChain();
    try {
      return known.getRegion();
    } catch (SdkClientException e) {
      if (elsewhere) {
        return Region.US_EAST_1; // a signature needs one, whatever it is
      }
      throw new IllegalArgumentException("no region is known; set AWS_REGION", e);
    }
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
    ResponseBytes<GetObjectResponse> current = null;
    try {
      current = get(CURRENT);
    } catch (NoSuchFileException e) {
      // this writer may be the first
    }
    removeLeftovers();
    observer.accept(PublishStep.OPENED);
    return new Writer(observer, current);
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
    GetObjectRequest.Builder request = GetObjectRequest.builder().bucket(bucket).key(prefix + name);
    if (name.equals(CURRENT)) {
      request.overrideConfiguration(limits -> limits.apiCallTimeout(SHORT_TIMEOUT));
    }
    return call(name, () -> client.getObjectAsBytes(request.build()));
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
    Map<String, Instant> found = new HashMap<>();
    for (ListObjectsV2Response page : pages(below)) {
      for (S3Object object : page.contents()) {
        found.put(object.key().substring(prefix.length()), object.lastModified());
      }
    }
    return found;
  }

  private List<ListObjectsV2Response> pages(String below) throws IOException {
    return call(
        below,
        () ->
            client
                .listObjectsV2Paginator(list -> list.bucket(bucket).prefix(prefix + below))
                .stream()
                .toList());
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
      // Its own message has a number of the request's, and would be news every time.
      throw new IOException(
          this + "/" + name + ": " + reason(e) + " (status " + e.statusCode() + ")", e);
    } catch (SdkException e) {
      throw new IOException(this + "/" + name + ": " + e.getMessage(), e);
    }
  }

  private static String reason(S3Exception e) {
    return e.awsErrorDetails() == null
        ? "no reason is given"
        : e.awsErrorDetails().errorCode() + ", " + e.awsErrorDetails().errorMessage();
  }

  private static boolean noBucket(S3Exception e) {
    return e.awsErrorDetails() != null && "NoSuchBucket".equals(e.awsErrorDetails().errorCode());
  }

  /** Deletes files of versions that were never finished; whatever else lies there is not ours. */
  private void removeLeftovers() throws IOException {
    Map<String, Instant> newest = new HashMap<>();
    Map<String, List<String>> files = new HashMap<>();
    Set<String> sealed = new HashSet<>();
    Instant now = null;
    for (ListObjectsV2Response page : pages("")) {
      now = timeOf(page); // the server's clock also wrote the files' times
      for (S3Object object : page.contents()) {
        String name = object.key().substring(prefix.length());
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
          delete(name);
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
    return "s3://"
        + bucket
        + (prefix.isEmpty() ? "" : "/" + prefix.substring(0, prefix.length() - 1));
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
      String written = putIf(unchanged(tag), CURRENT, content);
      if (!contains(version)) {
        takeBack(written);
        throw new NoSuchFileException(key(version, SEAL), null, "it has just been deleted");
      }
      tag = written;
      current = content;
      observer.accept(PublishStep.CURRENT_MOVED);
    }

    private static PutObjectRequest.Builder unchanged(String tag) {
      PutObjectRequest.Builder request = PutObjectRequest.builder();
      return tag == null ? request.ifNoneMatch("*") : request.ifMatch(tag);
    }

    private void takeBack(String written) throws IOException {
      if (current == null) {
        S3Storage.this.delete(CURRENT);
      } else {
        tag = putIf(unchanged(written), CURRENT, current);
      }
    }

    /** Its seal goes first; whoever moves {@code CURRENT} looks for it afterwards. */
    @Override
    public void delete(String version) throws IOException {
      byte[] seal = S3Storage.this.read(version, SEAL);
      S3Storage.this.delete(key(version, SEAL));
      if (S3Storage.this.current().map(String::strip).filter(version::equals).isPresent()) {
        put(PutObjectRequest.builder(), key(version, SEAL), seal);
        throw new IOException(key(version, SEAL) + " stays: it has just become current");
      }
      deleteFiles(version);
    }

    private void deleteFiles(String version) throws IOException {
      for (String name : objects(version + "/").keySet()) {
        S3Storage.this.delete(name);
      }
    }

    /** Nothing is to be let go of. */
    @Override
    public void close() {}
  }
}
