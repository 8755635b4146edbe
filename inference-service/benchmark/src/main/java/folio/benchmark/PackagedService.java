package folio.benchmark;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The packaged service as a process of its own, on a free port. */
final class PackagedService implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("Listening on: http://[^:]+:(\\d+)");
  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  private final ChildProcess process;
  private final HttpClient client = HttpClient.newHttpClient();
  private int port;

  private PackagedService(ChildProcess process) {
    this.process = process;
  }

  /**
   * Starts it; it is not ready yet.
   *
   * @param settings as environment variables
   */
  static PackagedService start(Installation installation, Map<String, String> settings) {
    Map<String, String> environment = new HashMap<>(settings);
    environment.put("QUARKUS_HTTP_HOST", "127.0.0.1");
    environment.put("QUARKUS_HTTP_PORT", "0");
    return new PackagedService(ChildProcess.start("service", installation.serve(), environment));
  }

  /**
   * Waits until it serves.
   *
   * @throws BenchmarkException with the end of its log if it does not
   */
  void awaitReady() {
    process.await("listening", START_LIMIT, this::findPort);
    process.await("ready", START_LIMIT, () -> get("/q/health/ready").statusCode() == 200);
  }

  private boolean findPort() {
    Matcher listening = LISTENING.matcher(process.log());
    if (!listening.find()) {
      return false;
    }
    port = Integer.parseInt(listening.group(1));
    return true;
  }

  private HttpResponse<String> get(String path) {
    try {
      return client.send(
          HttpRequest.newBuilder(uri().resolve(path)).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw process.failure("does not answer GET " + path + " (" + e + ")");
    } catch (InterruptedException e) {
      throw Pause.interrupted(e);
    }
  }

  /** The value of a metric's first sample whose line begins so; 0 if there is none. */
  double metric(String start) {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElse(0);
  }

  /** Where it answers; only once it listens. */
  URI uri() {
    return URI.create("http://127.0.0.1:" + port);
  }

  int port() {
    return port;
  }

  ChildProcess process() {
    return process;
  }

  /**
   * Lets it drain and end.
   *
   * @return its exit code
   * @throws TimeoutException if it does not end in time
   */
  int terminate(Duration limit) throws TimeoutException {
    return process.terminate(limit);
  }

  @Override
  public void close() throws IOException {
    process.close();
  }
}
