package folio.model.storage;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.AbortableInputStream;
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
 * The objects of a bucket below a prefix, named relative to it. Errors are reported as the
 * exceptions of file access. Safe for use by any thread.
 */
final class S3Bucket {
  private static final Duration ATTEMPT_TIMEOUT = Duration.ofMinutes(1);
  private static final Duration CALL_TIMEOUT = Duration.ofMinutes(3);

  private final S3Client client;
  private final String bucket;
  private final String prefix;

  /**
   * Creates a view of a part of a bucket.
   *
   * @param client the client, which the caller closes
   * @param prefix the prefix of all names; empty, or ends with a slash
   */
  S3Bucket(S3Client client, String bucket, String prefix) {
    this.client = client;
    this.bucket = bucket;
    this.prefix = prefix;
  }

  /**
   * Creates a view of a part of a bucket with a client that lives as long as the process.
   *
   * @param prefix the prefix of all names; empty, or ends with a slash
   * @throws IllegalArgumentException if the environment names no region, or if its endpoint is not
   *     a legal address
   */
  static S3Bucket connect(String bucket, String prefix, Map<String, String> environment) {
    // The manifest has every file's digest, and endpoints other than AWS's may not support S3's
    // checksums.
    S3ClientBuilder builder =
        S3Client.builder()
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .overrideConfiguration(
                limits ->
                    limits.apiCallAttemptTimeout(ATTEMPT_TIMEOUT).apiCallTimeout(CALL_TIMEOUT));
    boolean customEndpoint = false;
    for (String variable : List.of("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")) {
      if (environment.containsKey(variable)) {
        builder.endpointOverride(endpoint(variable, environment.get(variable)));
        customEndpoint = true;
      }
    }
    builder.forcePathStyle(customEndpoint); // only AWS gives each bucket a host name
    builder.region(region(customEndpoint));
    return new S3Bucket(builder.build(), bucket, prefix);
  }

  private static URI endpoint(String variable, String value) {
    try {
      URI address = new URI(value);
      if (value.matches("https?://.*") && address.getHost() != null) {
        return address;
      }
    } catch (URISyntaxException e) {
      // The exception below reports it.
    }
    throw new IllegalArgumentException(
        variable + " is '" + value + "'; it must be http://HOST:PORT or https://HOST:PORT");
  }

  private static Region region(boolean customEndpoint) {
    AwsRegionProvider provider =
        customEndpoint // the machine is not in AWS, so there is no metadata service
            ? new AwsRegionProviderChain(
                new SystemSettingsRegionProvider(), new AwsProfileRegionProvider())
            : new DefaultAwsRegionProviderChain();
    try {
      return provider.getRegion();
    } catch (SdkClientException e) {
      if (customEndpoint) {
        return Region.US_EAST_1; // a signature needs a region; any one will do
      }
      throw new IllegalArgumentException("the bucket's region is unknown; set AWS_REGION", e);
    }
  }

  /**
   * An object that was read.
   *
   * @param tag its entity tag
   */
  record Download(String tag, long sizeBytes, byte[] content) {}

  /**
   * Returns an object.
   *
   * @param maxBytes the size of the largest object that is accepted
   * @throws NoSuchFileException if the object does not exist
   * @throws FileTooLargeException if the object is larger; it is not read
   */
  Download get(String name, long maxBytes) throws IOException {
    return get(name, maxBytes, CALL_TIMEOUT);
  }

  /** Returns an object within a time limit, as {@link #get(String, long)} does. */
  Download get(String name, long maxBytes, Duration timeout) throws IOException {
    GetObjectRequest request =
        GetObjectRequest.builder()
            .bucket(bucket)
            .key(prefix + name)
            .overrideConfiguration(limits -> limits.apiCallTimeout(timeout))
            .build();
    Download download =
        call(name, () -> client.getObject(request, (object, in) -> download(object, in, maxBytes)));
    if (download.sizeBytes() > maxBytes) {
      throw new FileTooLargeException(this + "/" + name, download.sizeBytes(), maxBytes);
    }
    return download;
  }

  /** Reads an object, but none of the content of one that is too large. */
  private static Download download(GetObjectResponse object, AbortableInputStream in, long maxBytes)
      throws IOException {
    long size = object.contentLength();
    if (size > maxBytes) {
      in.abort(); // closing the stream would read the rest
      return new Download(object.eTag(), size, new byte[0]);
    }
    return new Download(object.eTag(), size, in.readNBytes(Math.toIntExact(size)));
  }

  /** Writes an object and returns its entity tag. */
  String put(String name, byte[] content) throws IOException {
    return put(PutObjectRequest.builder(), name, content);
  }

  private String put(PutObjectRequest.Builder request, String name, byte[] content)
      throws IOException {
    PutObjectRequest put = request.bucket(bucket).key(prefix + name).build();
    return call(name, () -> client.putObject(put, RequestBody.fromBytes(content)).eTag());
  }

  /**
   * Writes an object if it still has an expected version. If the object already has the new
   * content, an earlier attempt of this client has succeeded although it seemed to fail.
   *
   * @param tag the entity tag of the object's expected version, or null if no object is expected
   * @return the new entity tag
   * @throws FileAlreadyExistsException if the object has another version with other content
   */
  String put(String name, byte[] content, String tag) throws IOException {
    PutObjectRequest.Builder request = PutObjectRequest.builder();
    try {
      return put(tag == null ? request.ifNoneMatch("*") : request.ifMatch(tag), name, content);
    } catch (FileAlreadyExistsException e) {
      Download stored = get(name, Storage.MAX_COMMIT_FILE_BYTES);
      if (!Arrays.equals(stored.content(), content)) {
        throw e;
      }
      return stored.tag();
    }
  }

  /** Deletes an object if it exists. */
  void delete(String name) throws IOException {
    call(name, () -> client.deleteObject(delete -> delete.bucket(bucket).key(prefix + name)));
  }

  /** Returns the server's lists of the objects whose names begin with a prefix. */
  List<ListObjectsV2Response> pages(String namePrefix) throws IOException {
    return call(
        namePrefix,
        () ->
            client
                .listObjectsV2Paginator(list -> list.bucket(bucket).prefix(prefix + namePrefix))
                .stream()
                .toList());
  }

  /** Returns the names of the objects whose names begin with a prefix. */
  List<String> names(String namePrefix) throws IOException {
    return pages(namePrefix).stream()
        .flatMap(page -> page.contents().stream())
        .map(this::name)
        .toList();
  }

  /** Returns the name of a listed object, relative to the prefix of this view. */
  String name(S3Object object) {
    return object.key().substring(prefix.length());
  }

  private interface Call<T> {
    T make();
  }

  private <T> T call(String name, Call<T> call) throws IOException {
    try {
      return call.make();
    } catch (S3Exception e) {
      if (e.statusCode() == HttpURLConnection.HTTP_NOT_FOUND && !isMissingBucket(e)) {
        throw new NoSuchFileException(this + "/" + name);
      }
      if (e.statusCode() == HttpURLConnection.HTTP_PRECON_FAILED
          || e.statusCode() == HttpURLConnection.HTTP_CONFLICT) {
        throw new FileAlreadyExistsException(
            this + "/" + name,
            null,
            "was changed by another process at the same time; check it, then try again");
      }
      // The exception's own message holds a request id. It would be logged as a new error each
      // time.
      throw new IOException(
          this + "/" + name + ": " + reason(e) + " (status " + e.statusCode() + ")", e);
    } catch (SdkException e) {
      throw new IOException(this + "/" + name + ": " + e.getMessage(), e);
    }
  }

  private static String reason(S3Exception e) {
    return e.awsErrorDetails() == null
        ? "the server gave no reason"
        : e.awsErrorDetails().errorCode() + ", " + e.awsErrorDetails().errorMessage();
  }

  private static boolean isMissingBucket(S3Exception e) {
    return e.awsErrorDetails() != null && "NoSuchBucket".equals(e.awsErrorDetails().errorCode());
  }

  /** Returns the address, {@code s3://BUCKET/PREFIX}. */
  @Override
  public String toString() {
    return "s3://"
        + bucket
        + (prefix.isEmpty() ? "" : "/" + prefix.substring(0, prefix.length() - 1));
  }
}
