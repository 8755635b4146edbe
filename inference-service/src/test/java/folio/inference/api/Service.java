package folio.inference.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A client of a running service. */
public final class Service {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Duration DEADLINE = Duration.ofMinutes(3);

  /** A client of HTTP/1.1, like curl and most proxies; other tests cover HTTP/2. */
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final String root;

  /** Creates a client of the service on a port of this machine. */
  public Service(int port) {
    this.root = "http://127.0.0.1:" + port;
  }

  /** Waits until the service is ready. */
  public static void awaitReady(int port) {
    Service service = new Service(port);
    await("ready", () -> service.get("/q/health/ready").statusCode() == 200);
  }

  /** Waits until a condition holds; fails after three minutes. */
  public static void await(String expected, BooleanSupplier condition) {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline, waiting for " + expected).isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }

  /** Returns the response to {@code GET} of a path. */
  public HttpResponse<String> get(String path) {
    try {
      return client.send(
          HttpRequest.newBuilder(URI.create(root + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Returns a request for {@code POST /generate}. */
  public HttpRequest generate(String body, String accept) {
    return HttpRequest.newBuilder(URI.create(root + "/generate"))
        .header("Content-Type", "application/json")
        .header("Accept", accept)
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  /** Returns the HTTP client. */
  public HttpClient client() {
    return client;
  }

  /** Returns the value of the first sample whose line has a prefix; 0 if there is none. */
  public double metric(String prefix) {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(prefix))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElse(0);
  }

  /** Parses JSON. */
  public static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the events of a complete {@code text/event-stream}, without {@code [DONE]}. */
  public static List<JsonNode> events(String body) {
    return body.lines()
        .filter(line -> line.startsWith("data: {"))
        .map(line -> parse(line.substring("data: ".length())))
        .toList();
  }

  /** Returns the number of code points in the text of events. */
  public static int lengthOf(List<JsonNode> events) {
    return events.stream()
        .map(event -> event.get("text").asText())
        .mapToInt(text -> text.codePointCount(0, text.length()))
        .sum();
  }

  /** Returns the text of events. */
  public static String textOf(Stream<String> events) {
    return events.map(event -> parse(event).get("text").asText()).collect(Collectors.joining());
  }
}
