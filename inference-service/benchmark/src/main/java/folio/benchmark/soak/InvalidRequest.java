package folio.benchmark.soak;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;

/**
 * A request that the service must reject.
 *
 * @param status the status of the rejection
 * @param type the request's {@code Content-Type}
 */
record InvalidRequest(
    int status, String method, String path, String type, String accept, String body) {
  private static final int LONGER_THAN_ANY_PROMPT = 20_000;
  private static final int MAX_SHOWN_BODY = 80;
  private static final String JSON = "application/json";

  /** One request of each kind; {@link DisruptiveClient} announces a body that is too large. */
  static final List<InvalidRequest> KINDS =
      List.of(
          body("{\"prompt\": \"a\""),
          body("[1, 2]"),
          body("{\"prompt\": \"a\"} {}"),
          body("{\"prompt\": \"a\", \"prompt\": \"b\"}"),
          body("{\"promt\": \"a\"}"),
          body("{\"prompt\": 5}"),
          body("{\"prompt\": \"\\u0007\"}"),
          body("{\"prompt\": \"\\ud800\"}"),
          body("{\"prompt\": \"" + "a".repeat(LONGER_THAN_ANY_PROMPT) + "\"}"),
          body("{\"max_tokens\": \"many\"}"),
          body("{\"max_tokens\": 1.5}"),
          body("{\"max_tokens\": 0}"),
          body("{\"max_tokens\": 2000000000}"),
          body("{\"max_tokens\": 99999999999999999999}"),
          body("{\"temperature\": 5}"),
          body("{\"temperature\": 0.001}"),
          body("{\"top_k\": -1}"),
          body("{\"top_p\": 0}"),
          body("{\"min_p\": 2}"),
          body("{\"repetition_penalty\": 0}"),
          body("{\"logprobs\": 21}"),
          body("{\"stop\": [\"\"]}"),
          body("{\"stop\": [null]}"),
          new InvalidRequest(404, "POST", "/generate", JSON, "*/*", "{\"model\": \"nobody\"}"),
          new InvalidRequest(404, "GET", "/nowhere", JSON, "*/*", ""),
          new InvalidRequest(405, "GET", "/generate", JSON, "*/*", ""),
          new InvalidRequest(406, "POST", "/generate", JSON, "image/png", "{}"),
          new InvalidRequest(415, "POST", "/generate", "text/plain", "*/*", "{}"));

  private static InvalidRequest body(String body) {
    return new InvalidRequest(400, "POST", "/generate", JSON, "text/event-stream", body);
  }

  /** Returns the HTTP request to a service. */
  HttpRequest toHttp(URI service) {
    return HttpRequest.newBuilder(service.resolve(path))
        .header("Content-Type", type)
        .header("Accept", accept)
        .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
        .build();
  }

  @Override
  public String toString() {
    String shown = body.length() > MAX_SHOWN_BODY ? body.substring(0, MAX_SHOWN_BODY) + "…" : body;
    return method + " " + path + " " + accept + " " + type + " " + shown;
  }
}
