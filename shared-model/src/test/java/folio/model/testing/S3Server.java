package folio.model.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
 * A process that speaks S3 (moto's, of a Python with {@code moto[s3,server]}: FOLIO_PYTHON names
 * it, {@code .ci/run} installs one), with a bucket in it and a client to look behind the scenes.
 */
public final class S3Server implements AutoCloseable {
  /** The bucket. */
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
   * Starts one; skips the test class, and says so, where there is none. This process finds
   * credentials for it, too.
   */
  public static S3Server start(Class<?> by) throws IOException {
    String reason = "skipped: " + PYTHON + " has no moto[s3,server]; set FOLIO_PYTHON to one";
    boolean there = runs("-c", "import moto.server");
    if (!there) {
      System.out.println(by.getSimpleName() + " " + reason);
    }
    assumeTrue(there, reason);
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
        readOn(out);
        return new S3Server(process, running.group(1));
      }
    }
    process.destroyForcibly();
    throw new IOException("the S3 server does not start");
  }

  private static boolean runs(String... arguments) {
    try {
      List<String> command = new java.util.ArrayList<>(List.of(PYTHON));
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

  /** Nobody reads what it logs, but it must not wait for a reader. */
  private static void readOn(BufferedReader out) {
    Thread reader = new Thread(() -> out.lines().forEach(line -> {}), "s3-server-log");
    reader.setDaemon(true);
    reader.start();
  }

  /** The variables of a process that is to use it. */
  public Map<String, String> environment(Path cache) {
    return Map.of(
        "AWS_ENDPOINT_URL_S3", endpoint,
        "AWS_ACCESS_KEY_ID", KEY,
        "AWS_SECRET_ACCESS_KEY", SECRET,
        "FOLIO_CACHE", cache.toString());
  }

  /** Looks behind the scenes. */
  public S3Client client() {
    return client;
  }

  /** Kills it. */
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
