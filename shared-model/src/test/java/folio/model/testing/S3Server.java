package folio.model.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * A process that implements S3, with one bucket and a client for direct access. It is moto's
 * server. The tests need a Python with {@code moto[s3,server]}, which FOLIO_PYTHON names and {@code
 * .ci/run} installs.
 */
public final class S3Server implements AutoCloseable {
  /** The name of the bucket. */
  public static final String BUCKET = "folio";

  private static final String KEY = "a-key";
  private static final String SECRET = "a-secret";
  private static final String PYTHON = System.getenv().getOrDefault("FOLIO_PYTHON", "python3");
  private static final Pattern RUNNING = Pattern.compile("Running on (http://[0-9.:]+)");

  private final Process process;
  private final String endpoint;
  private final S3Client client;

  private S3Server(Process process, String endpoint) {
    this.process = process;
    this.endpoint = endpoint;
    this.client =
        S3Client.builder()
            .endpointOverride(URI.create(endpoint))
            .forcePathStyle(true)
            .region(Region.US_EAST_1)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create(KEY, SECRET)))
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .build();
    client.createBucket(create -> create.bucket(BUCKET));
  }

  /**
   * Starts a server and sets its credentials as system properties of this process. Without moto,
   * this method skips the test class.
   */
  public static S3Server start() throws IOException {
    String reason = PYTHON + " has no moto[s3,server]; set FOLIO_PYTHON to one";
    boolean available = runs("-c", "import moto.server");
    assumeTrue(available, reason);
    System.setProperty("aws.accessKeyId", KEY);
    System.setProperty("aws.secretAccessKey", SECRET);
    Process process =
        new ProcessBuilder(PYTHON, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0")
            .redirectErrorStream(true)
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      Matcher running = RUNNING.matcher(line);
      if (running.find()) {
        discard(out);
        return new S3Server(process, running.group(1));
      }
    }
    process.destroyForcibly();
    throw new IOException("the S3 server does not start");
  }

  private static boolean runs(String... arguments) {
    try {
      List<String> command = new ArrayList<>(List.of(PYTHON));
      command.addAll(List.of(arguments));
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(1, TimeUnit.MINUTES) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Reads the server's log in a thread, since a full pipe would block the server. */
  private static void discard(BufferedReader out) {
    Thread reader = new Thread(() -> out.lines().forEach(line -> {}), "s3-server-log");
    reader.setDaemon(true);
    reader.start();
  }

  /** Returns the environment variables by which a process uses this server. */
  public Map<String, String> environment(Path cache) {
    return Map.of(
        "AWS_ENDPOINT_URL_S3", endpoint,
        "AWS_ACCESS_KEY_ID", KEY,
        "AWS_SECRET_ACCESS_KEY", SECRET,
        "FOLIO_CACHE", cache.toString());
  }

  /** Returns a client that bypasses the code under test. */
  public S3Client client() {
    return client;
  }

  /** Kills the server. */
  @Override
  public void close() {
    client.close();
    process.destroyForcibly();
    try {
      process.waitFor(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
