package folio.trainer.batch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A service that answers requests. A request that the service has no room for is sent again after
 * the time that the service names. Safe for use by any thread.
 */
public final class ServiceHandler implements RequestHandler {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);

  /** The time limit of a request, which covers its time in the service's queue. */
  private static final Duration TIMEOUT = Duration.ofMinutes(10);

  /** A batch ends when no request was answered while one of them waited this long in all. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();

  private final URI address;
  private final String key;
  private final Pause pause;
  private final AtomicLong answered = new AtomicLong();
  private volatile boolean reached;

  /**
   * Creates the client of a service.
   *
   * @param url the service's address, such as {@code http://127.0.0.1:8080}
   * @param key the key of the API; null for a service without keys
   * @throws BatchException if the address is not a URL
   */
  public ServiceHandler(String url, String key) {
    this(url, key, time -> TimeUnit.NANOSECONDS.sleep(time.toNanos()));
  }

  ServiceHandler(String url, String key, Pause pause) {
    this.key = key == null || key.isBlank() ? null : key.strip();
    this.pause = pause;
    try {
      this.address = URI.create(url.replaceAll("/+$", "") + "/generate");
      request("{}"); // rejects an address without http: or a host
    } catch (IllegalArgumentException e) {
      throw new BatchException(
          "--url is " + url + "; it must be an address such as http://127.0.0.1:8080", e);
    }
  }

  private HttpRequest request(String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .timeout(TIMEOUT)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (key != null) {
      request.header("Authorization", "Bearer " + key);
    }
    return request.build();
  }

  @Override
  public Answer answer(BatchRequest request) throws InterruptedException {
    HttpRequest message = request(request.body());
    Duration waited = Duration.ZERO;
    Duration backoff = FIRST_PAUSE;
    long seen = answered.get();
    while (true) {
      RetryableResponse retryable;
      try {
        HttpResponse<String> response = client.send(message, HttpResponse.BodyHandlers.ofString());
        reached = true;
        retryable = RetryableResponse.of(response, backoff);
        if (retryable == null) {
          Answer answer = read(response);
          answered.incrementAndGet();
          return answer;
        }
      } catch (IOException e) {
        if (!reached || isOutOfFiles(e)) {
          throw unreachable(e);
        }
        retryable = new RetryableResponse("cannot be reached (" + e + ")", backoff);
      }
      if (answered.get() != seen) { // other requests are answered meanwhile: it is only busy
        seen = answered.get();
        waited = Duration.ZERO;
      }
      if (waited.compareTo(PATIENCE) >= 0) {
        throw new BatchException(
            address
                + " "
                + retryable.reason()
                + " for "
                + PATIENCE.toMinutes()
                + " minutes; run the same command again to continue");
      }
      pause.of(retryable.pause());
      waited = waited.plus(retryable.pause());
      backoff = shorter(backoff.multipliedBy(2), LONGEST_PAUSE);
    }
  }

  private BatchException unreachable(IOException e) {
    String advice = isOutOfFiles(e) ? "lower --parallel" : "start the service, or check --url";
    return new BatchException(address + " cannot be reached (" + e + "); " + advice, e);
  }

  private static boolean isOutOfFiles(IOException e) {
    return String.valueOf(e.getMessage()).contains("Too many open files");
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private Answer read(HttpResponse<String> response) {
    int status = response.statusCode();
    JsonNode body = parse(response.body());
    if (status == 200 && body.has("text")) {
      return new Answer(false, body);
    }
    String reason = body.path("reason").asText();
    if (status == 401 || status == 403) {
      throw new BatchException(
          address
              + " answered "
              + status
              + (key == null ? "; set FOLIO_API_KEY to a key" : "; FOLIO_API_KEY is no key")
              + " of the service");
    }
    if (reason.isEmpty() || reason.equals("not_found") || reason.equals("method_not_allowed")) {
      throw new BatchException(
          address + " answered " + status + " and is not a service of Folio; check --url");
    }
    return new Answer(true, body);
  }

  private static JsonNode parse(String json) {
    try {
      JsonNode body = JSON.readTree(json);
      return body.isObject() ? body : MissingNode.getInstance();
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }
}
