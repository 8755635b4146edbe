package folio.benchmark;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;

/**
 * A request that must be refused.
 *
 * @param status of the refusal
 */
record BadRequest(int status, String method, String path, String type, String accept, String body) {
  private static final int LONGER_THAN_ANY_PROMPT = 20_000;
  private static final String JSON = "application/json";

  /** One of each kind; the largest body is left to {@link RudeClient}. */
  static final List<BadRequest> KINDS =
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
          new BadRequest(404, "POST", "/generate", JSON, "*/*", "{\"model\": \"nobody\"}"),
          new BadRequest(404, "GET", "/nowhere", JSON, "*/*", ""),
          new BadRequest(405, "GET", "/generate", JSON, "*/*", ""),
          new BadRequest(406, "POST", "/generate", JSON, "image/png", "{}"),
          new BadRequest(415, "POST", "/generate", "text/plain", "*/*", "{}"));

  private static BadRequest body(String body) {
    return new BadRequest(400, "POST", "/generate", JSON, "text/event-stream", body);
  }

  /** To send to a service. */
  HttpRequest request(URI service) {
    return HttpRequest.newBuilder(service.resolve(path))
        .header("Content-Type", type)
        .header("Accept", accept)
        .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
        .build();
  }

  @Override
  public String toString() {
    String shown = body.length() > 80 ? body.substring(0, 80) + "…" : body;
    return method + " " + path + " " + accept + " " + type + " " + shown;
  }
}
