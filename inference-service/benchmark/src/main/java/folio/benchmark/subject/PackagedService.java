package folio.benchmark.subject;

import folio.benchmark.process.BenchmarkException;
import folio.benchmark.process.ChildProcess;
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

/** The packaged service in a child process, on a free port of the loopback interface. */
public final class PackagedService implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("Listening on: http://[^:]+:(\\d+)");
  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  private final ChildProcess process;
  private final HttpClient client = HttpClient.newHttpClient();
  private int port;

  private PackagedService(ChildProcess process) {
    this.process = process;
  }

  /**
   * Starts the service without waiting until it is ready.
   *
   * @param settings environment variables of the service
   * @throws BenchmarkException if the service is not built or cannot be started
   */
  public static PackagedService start(Installation installation, Map<String, String> settings) {
    Map<String, String> environment = new HashMap<>(settings);
    environment.put("QUARKUS_HTTP_HOST", "127.0.0.1");
    environment.put("QUARKUS_HTTP_PORT", "0");
    return new PackagedService(
        ChildProcess.start("service", installation.serveCommand(), environment));
  }

  /**
   * Waits until the service is ready.
   *
   * @throws BenchmarkException if the service does not become ready; the message quotes its log
   */
  public void awaitReady() {
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
      throw BenchmarkException.interrupted(e);
    }
  }

  /**
   * Returns the value of the first sample on the metrics page that begins with a prefix, or 0 if no
   * sample does.
   *
   * @param prefix a metric's name, optionally with the beginning of its labels
   */
  public double metric(String prefix) {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(prefix))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElse(0);
  }

  /** Returns the base URI; valid after {@link #awaitReady}. */
  public URI uri() {
    return URI.create("http://127.0.0.1:" + port);
  }

  /** Returns the HTTP port; valid after {@link #awaitReady}. */
  public int port() {
    return port;
  }

  /** Returns the service's process; this object closes it. */
  public ChildProcess process() {
    return process;
  }

  /**
   * Sends SIGTERM, and waits until the service has drained and ended.
   *
   * @return the exit code
   * @throws TimeoutException if the service does not end within the limit
   */
  public int terminate(Duration limit) throws TimeoutException {
    return process.terminate(limit);
  }

  @Override
  public void close() throws IOException {
    process.close();
  }
}
