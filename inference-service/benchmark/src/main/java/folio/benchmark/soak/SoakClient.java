package folio.benchmark.soak;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.SplittableRandom;

/**
 * A client that sends one random request after another until {@link #stop}. Most of its requests
 * are valid. Owned by the thread that runs it, except for {@link #stop}.
 */
public final class SoakClient implements Runnable {
  private static final Duration REQUEST_LIMIT = Duration.ofMinutes(2);
  private static final int MAX_PAUSE_MILLIS = 1000;
  private static final int MAX_BYTES_BEFORE_DISCONNECT = 2000;

  private final HttpClient http;
  private final URI service;
  private final KnownModels models;
  private final SoakStatistics statistics;
  private final SplittableRandom random;
  private volatile boolean stopped;

  /**
   * Creates a client.
   *
   * @param models the models that may answer
   * @param random the source of all decisions
   */
  public SoakClient(
      URI service, KnownModels models, SoakStatistics statistics, SplittableRandom random) {
    this.http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    this.service = service;
    this.models = models;
    this.statistics = statistics;
    this.random = random;
  }

  /** Stops the client after its current request. */
  void stop() {
    stopped = true;
  }

  @Override
  public void run() {
    while (!stopped) {
      try {
        act();
      } catch (UnexpectedOutcomeException e) {
        statistics.unexpected(e.kind(), e.getMessage());
      } catch (IOException e) {
        statistics.unexpected("connection broken", e.toString());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException e) {
        statistics.unexpected("a client failed", e.toString());
      }
    }
  }

  private void act() throws IOException, InterruptedException, UnexpectedOutcomeException {
    int die = random.nextInt(20);
    if (die < 12) {
      complete(RandomRequest.draw(random, models.alphabet()));
    } else if (die < 15) {
      disconnectMidway(RandomRequest.draw(random, models.alphabet()));
    } else if (die < 17) {
      sendInvalid(InvalidRequest.KINDS.get(random.nextInt(InvalidRequest.KINDS.size())));
    } else if (die < 18) {
      disrupt();
    } else {
      completeTwice(RandomRequest.draw(random, models.alphabet()));
    }
  }

  /** Sends a request, reads and checks its response, and returns it; null if it was rejected. */
  private GenerationResponse complete(RandomRequest request)
      throws IOException, InterruptedException, UnexpectedOutcomeException {
    HttpResponse<InputStream> received = send(request);
    if (received.statusCode() != 200) {
      checkRejection(received, request.body());
      return null;
    }
    GenerationResponse response =
        GenerationResponse.read(request.format(), received, statistics::gap);
    response.check(request, models.vocabulary(response.version()));
    statistics.text(response.version(), response.text().length());
    statistics.outcome("200 " + response.finishReason() + ", " + request.format().contentType());
    return response;
  }

  private HttpResponse<InputStream> send(RandomRequest request)
      throws IOException, InterruptedException {
    HttpRequest.Builder post =
        HttpRequest.newBuilder(service.resolve("/generate"))
            .timeout(REQUEST_LIMIT)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(request.body()));
    if (request.format().accept() != null) {
      post.header("Accept", request.format().accept());
    }
    return http.send(post.build(), BodyHandlers.ofInputStream());
  }

  /**
   * Checks the rejection of a valid request. The queue may be full, the service may have no model
   * or be draining, and the model that the request names may be retired; other rejections are
   * unexpected.
   */
  private void checkRejection(HttpResponse<InputStream> response, String body)
      throws IOException, InterruptedException, UnexpectedOutcomeException {
    int status = response.statusCode();
    String problem = readProblem(response);
    boolean retired = status == 404 && body.contains("\"model\":\"2");
    boolean expected =
        retired
            || status == 429
            || (status == 503 && problem.matches("(?s).*(no_model|draining).*"));
    if (!expected) {
      throw new UnexpectedOutcomeException("status " + status, problem + " to " + body);
    }
    statistics.outcome(status + (retired ? " retired model" : ""));
    Thread.sleep(random.nextInt(MAX_PAUSE_MILLIS));
  }

  private static String readProblem(HttpResponse<InputStream> response)
      throws IOException, UnexpectedOutcomeException {
    try (InputStream body = response.body()) {
      String problem = new String(body.readAllBytes(), StandardCharsets.UTF_8);
      String type = response.headers().firstValue("Content-Type").orElse("none");
      int status = response.statusCode();
      if (!type.startsWith("application/problem+json")) {
        throw new UnexpectedOutcomeException(
            "a rejection without a problem document", status + " " + type);
      }
      boolean retryable = status == 429 || status == 503;
      if (retryable && response.headers().firstValue("Retry-After").isEmpty()) {
        throw new UnexpectedOutcomeException("no Retry-After", status + " " + problem);
      }
      return problem;
    }
  }

  /** Sends a request and disconnects after some bytes of the response, possibly before any. */
  private void disconnectMidway(RandomRequest request)
      throws IOException, InterruptedException, UnexpectedOutcomeException {
    HttpResponse<InputStream> response = send(request);
    if (response.statusCode() != 200) {
      checkRejection(response, request.body());
      return;
    }
    try (InputStream body = response.body()) {
      body.readNBytes(random.nextInt(MAX_BYTES_BEFORE_DISCONNECT));
    }
    statistics.outcome("disconnected midway");
  }

  private void sendInvalid(InvalidRequest request)
      throws IOException, InterruptedException, UnexpectedOutcomeException {
    HttpResponse<InputStream> response =
        http.send(request.toHttp(service), BodyHandlers.ofInputStream());
    int status = response.statusCode();
    String problem = readProblem(response);
    // A field that depends on the model is checked when the request gets a slot, so a full queue
    // may reject the request first.
    if (status != request.status() && status != 429) {
      throw new UnexpectedOutcomeException(
          "status " + status + " instead of " + request.status(), request + ": " + problem);
    }
    statistics.outcome(status + (status == 429 ? "" : " bad request"));
  }

  private void disrupt() throws IOException, UnexpectedOutcomeException {
    DisruptiveClient client = new DisruptiveClient(service);
    switch (random.nextInt(3)) {
      case 0 -> client.announceLargeBody();
      case 1 -> client.sendGarbage();
      default -> client.disconnectEarly(random);
    }
    statistics.outcome("malformed HTTP");
  }

  /**
   * Sends a request twice. The same model, request and seed must give the same text, regardless of
   * the other requests in the batch.
   */
  private void completeTwice(RandomRequest request)
      throws IOException, InterruptedException, UnexpectedOutcomeException {
    GenerationResponse first = complete(request);
    if (first == null) {
      return;
    }
    GenerationResponse second = complete(request.asEventsFrom(first.version()));
    if (second == null) {
      return;
    }
    if (!first.text().equals(second.text())) {
      throw new UnexpectedOutcomeException(
          "the same seed gives another text",
          first.version() + " " + request.body() + ": " + first.text() + " / " + second.text());
    }
    statistics.repeated();
  }
}
