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

/** A running service, as its clients see it. */
public final class Service {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Duration DEADLINE = Duration.ofSeconds(60);

  /** As curl and most proxies speak; HTTP/2 has tests of its own. */
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final String root;

  /** The service on a port of this machine. */
  public Service(int port) {
    this.root = "http://127.0.0.1:" + port;
  }

  /** Waits until requests are welcome. */
  public static void awaitReady(int port) {
    Service service = new Service(port);
    await("ready", () -> service.get("/q/health/ready").statusCode() == 200);
  }

  /** Polls a condition until it holds; fails after a minute. */
  public static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline for: " + what).isLessThan(deadline);
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }

  /** A whole answer. */
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

  /** A request to generate. */
  public HttpRequest generate(String body, String accept) {
    return HttpRequest.newBuilder(URI.create(root + "/generate"))
        .header("Content-Type", "application/json")
        .header("Accept", accept)
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  /** The client. */
  public HttpClient client() {
    return client;
  }

  /** The value of a metric's first sample whose line begins so; 0 if there is none. */
  public double metric(String start) {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElse(0);
  }

  /** An event. */
  public static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The events of a whole {@code text/event-stream}, but for its last line. */
  public static List<JsonNode> events(String body) {
    return body.lines()
        .filter(line -> line.startsWith("data: {"))
        .map(line -> parse(line.substring("data: ".length())))
        .toList();
  }

  /** How many code points events hold. */
  public static int lengthOf(List<JsonNode> events) {
    return events.stream()
        .map(event -> event.get("text").asText())
        .mapToInt(text -> text.codePointCount(0, text.length()))
        .sum();
  }

  /** The text of a stream of events. */
  public static String textOf(Stream<String> events) {
    return events.map(event -> parse(event).get("text").asText()).collect(Collectors.joining());
  }
}
