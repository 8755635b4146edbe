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
 * Objects of a bucket below a prefix, by the rest of their names; what goes wrong is told as of
 * files. Safe for use by any thread.
 */
final class S3Bucket {
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
  S3Bucket(S3Client client, String bucket, String prefix) {
    this.client = client;
    this.bucket = bucket;
    this.prefix = prefix;
  }

  /**
   * A part of a bucket, with a client that lasts as long as the process.
   *
   * @param prefix empty, or ends with a slash
   * @throws IllegalArgumentException if the environment names no region, or an endpoint that is
   *     none
   */
  static S3Bucket connect(String bucket, String prefix, Map<String, String> environment) {
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
    return new S3Bucket(builder.build(), bucket, prefix);
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

  /**
   * An object.
   *
   * @throws NoSuchFileException if there is none
   */
  ResponseBytes<GetObjectResponse> get(String name) throws IOException {
    return get(name, CALL_TIMEOUT);
  }

  /** As {@link #get(String)}, for whoever does not wait long. */
  ResponseBytes<GetObjectResponse> get(String name, Duration timeout) throws IOException {
    GetObjectRequest request =
        GetObjectRequest.builder()
            .bucket(bucket)
            .key(prefix + name)
            .overrideConfiguration(limits -> limits.apiCallTimeout(timeout))
            .build();
    return call(name, () -> client.getObjectAsBytes(request));
  }

  /** Writes an object; returns its tag. */
  String put(String name, byte[] content) throws IOException {
    return put(PutObjectRequest.builder(), name, content);
  }

  private String put(PutObjectRequest.Builder request, String name, byte[] content)
      throws IOException {
    PutObjectRequest put = request.bucket(bucket).key(prefix + name).build();
    return call(name, () -> client.putObject(put, RequestBody.fromBytes(content)).eTag());
  }

  /**
   * Writes an object if it is still what it was. What is met may be an attempt of ours that seemed
   * to fail.
   *
   * @param tag of what it was, or null if there was none
   * @return its tag
   * @throws FileAlreadyExistsException if it is something else
   */
  String put(String name, byte[] content, String tag) throws IOException {
    PutObjectRequest.Builder request = PutObjectRequest.builder();
    try {
      return put(tag == null ? request.ifNoneMatch("*") : request.ifMatch(tag), name, content);
    } catch (FileAlreadyExistsException e) {
      ResponseBytes<GetObjectResponse> there = get(name);
      if (!Arrays.equals(there.asByteArray(), content)) {
        throw e;
      }
      return there.response().eTag();
    }
  }

  /** Deletes an object, if there is one. */
  void delete(String name) throws IOException {
    call(name, () -> client.deleteObject(delete -> delete.bucket(bucket).key(prefix + name)));
  }

  /** Lists the objects whose names begin so, with the server's answers. */
  List<ListObjectsV2Response> pages(String below) throws IOException {
    return call(
        below,
        () ->
            client
                .listObjectsV2Paginator(list -> list.bucket(bucket).prefix(prefix + below))
                .stream()
                .toList());
  }

  /** The names of the objects whose names begin so. */
  List<String> names(String below) throws IOException {
    return pages(below).stream().flatMap(page -> page.contents().stream()).map(this::name).toList();
  }

  /** What a listed object is called here. */
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

  /** The address. */
  @Override
  public String toString() {
    return "s3://"
        + bucket
        + (prefix.isEmpty() ? "" : "/" + prefix.substring(0, prefix.length() - 1));
  }
}
