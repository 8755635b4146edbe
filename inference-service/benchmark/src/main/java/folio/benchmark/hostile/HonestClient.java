package folio.benchmark.hostile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.benchmark.process.BenchmarkException;
import folio.benchmark.report.LatencyHistogram;
import folio.benchmark.report.Percentiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A client that streams one text after another, and checks health in between. Every stream uses a
 * new connection, as a new client would. Owned by one thread.
 */
final class HonestClient {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int CHARACTERS = 400;
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int OK = 200;
  private static final int TOO_MANY_REQUESTS = 429;

  private final URI service;
  private final LatencyHistogram gaps = new LatencyHistogram();
  private final List<Double> seconds = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private int rejected;

  HonestClient(URI service) {
    this.service = service;
  }

  /** Streams a text, then asks for health. Records what is not as it should be. */
  void streamOnce() {
    long begin = System.nanoTime();
    try {
      HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
      HttpResponse<Stream<String>> answer =
          client.send(request(), HttpResponse.BodyHandlers.ofLines());
      if (answer.statusCode() == TOO_MANY_REQUESTS) {
        rejected++;
        return;
      }
      readEvents(answer);
      seconds.add((System.nanoTime() - begin) / 1e9);
      HttpRequest live = HttpRequest.newBuilder(service.resolve("/q/health/live")).build();
      int status = client.send(live, HttpResponse.BodyHandlers.discarding()).statusCode();
      if (status != OK) {
        faults.add("liveness " + status);
      }
    } catch (IOException | UncheckedIOException e) {
      faults.add(e.toString());
    } catch (InterruptedException e) {
      throw BenchmarkException.interrupted(e);
    }
  }

  private HttpRequest request() {
    return HttpRequest.newBuilder(service.resolve("/generate"))
        .timeout(LIMIT)
        .header("Content-Type", "application/json")
        .header("Accept", "text/event-stream")
        .POST(HttpRequest.BodyPublishers.ofString("{\"max_tokens\":" + CHARACTERS + "}"))
        .build();
  }

  private void readEvents(HttpResponse<Stream<String>> answer) {
    int characters = 0;
    String reason = "";
    long previous = 0;
    for (String line : (Iterable<String>) answer.body()::iterator) {
      Optional<JsonNode> event = event(line);
      if (event.isEmpty()) {
        continue;
      }
      long now = System.nanoTime();
      if (previous != 0) {
        gaps.record(now - previous);
      }
      previous = now;
      String text = event.get().path("text").asText();
      characters += text.codePointCount(0, text.length());
      reason = event.get().path("finish_reason").asText(reason);
    }
    if (characters != CHARACTERS || !reason.equals("length")) {
      faults.add("status " + answer.statusCode() + ", " + characters + " characters, " + reason);
    }
  }

  private static Optional<JsonNode> event(String line) {
    try {
      return line.startsWith("data: {")
          ? Optional.of(JSON.readTree(line.substring("data: ".length())))
          : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty(); // the missing characters show it
    }
  }

  int streams() {
    return seconds.size();
  }

  int rejected() {
    return rejected;
  }

  /** Returns what was not as it should be. */
  List<String> faults() {
    return Collections.unmodifiableList(faults);
  }

  /** Returns the gaps between two events; null without any. */
  Percentiles gaps() {
    return gaps.percentiles();
  }

  /** Returns the median time of a stream in seconds; not a number without any. */
  double medianSeconds() {
    if (seconds.isEmpty()) {
      return Double.NaN;
    }
    List<Double> sorted = seconds.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }
}
