package folio.benchmark;

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
 * One client of many: sends one request after another, mostly good ones, until it is told to stop.
 * Owned by the thread that runs it, but for {@link #stop}.
 */
final class SoakClient implements Runnable {
  private static final Duration REQUEST_LIMIT = Duration.ofMinutes(2);
  private static final int LONGEST_PAUSE_MILLIS = 1000;
  private static final int MAX_BYTES_BEFORE_LEAVING = 2000;

  private final HttpClient http;
  private final URI service;
  private final SoakModels models;
  private final SoakTally tally;
  private final SplittableRandom random;
  private volatile boolean stopped;

  /**
   * A client.
   *
   * @param random decides what it does
   */
  SoakClient(URI service, SoakModels models, SoakTally tally, SplittableRandom random) {
    this.http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    this.service = service;
    this.models = models;
    this.tally = tally;
    this.random = random;
  }

  /** Lets the request under way be the last. */
  void stop() {
    stopped = true;
  }

  @Override
  public void run() {
    while (!stopped) {
      try {
        act();
      } catch (UnexpectedException e) {
        tally.unexpected(e.kind(), e.getMessage());
      } catch (IOException e) {
        tally.unexpected("connection broken", e.toString());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException e) {
        tally.unexpected("this should not happen", e.toString());
      }
    }
  }

  private void act() throws IOException, InterruptedException, UnexpectedException {
    int die = random.nextInt(20);
    if (die < 12) {
      converse(SoakRequest.any(random, models.alphabet()));
    } else if (die < 15) {
      leaveMidway(SoakRequest.any(random, models.alphabet()));
    } else if (die < 17) {
      misbehave(BadRequest.KINDS.get(random.nextInt(BadRequest.KINDS.size())));
    } else if (die < 18) {
      beRude();
    } else {
      repeat(SoakRequest.any(random, models.alphabet()));
    }
  }

  /** A request that is answered to its end, or turned away as busy; then null. */
  private SoakAnswer converse(SoakRequest request)
      throws IOException, InterruptedException, UnexpectedException {
    HttpResponse<InputStream> response = http.send(post(request), BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      turnedAway(response, request.body());
      return null;
    }
    SoakAnswer answer = SoakAnswer.read(request.form(), response, tally::gap);
    answer.check(request, models.vocabulary(answer.version()));
    tally.text(answer.version(), answer.text().length());
    tally.outcome("200 " + answer.finishReason() + ", " + request.form().contentType());
    return answer;
  }

  private HttpRequest post(SoakRequest request) {
    HttpRequest.Builder post =
        HttpRequest.newBuilder(service.resolve("/generate"))
            .timeout(REQUEST_LIMIT)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(request.body()));
    if (request.form().accept() != null) {
      post.header("Accept", request.form().accept());
    }
    return post.build();
  }

  /** A good request may find the queue full, and the model that it names gone; nothing else. */
  private void turnedAway(HttpResponse<InputStream> response, String body)
      throws IOException, InterruptedException, UnexpectedException {
    int status = response.statusCode();
    String problem = readProblem(response);
    boolean gone = status == 404 && body.contains("\"model\":\"2");
    boolean expected =
        gone || status == 429 || (status == 503 && problem.matches("(?s).*(no_model|draining).*"));
    if (!expected) {
      throw new UnexpectedException("status " + status, problem + " to " + body);
    }
    tally.outcome(status + (gone ? " retired model" : ""));
    Thread.sleep(random.nextInt(LONGEST_PAUSE_MILLIS));
  }

  private static String readProblem(HttpResponse<InputStream> response)
      throws IOException, UnexpectedException {
    try (InputStream body = response.body()) {
      String problem = new String(body.readAllBytes(), StandardCharsets.UTF_8);
      String type = response.headers().firstValue("Content-Type").orElse("none");
      int status = response.statusCode();
      if (!type.startsWith("application/problem+json")) {
        throw new UnexpectedException("a refusal that is no problem document", status + " " + type);
      }
      boolean later = status == 429 || status == 503;
      if (later && response.headers().firstValue("Retry-After").isEmpty()) {
        throw new UnexpectedException("no Retry-After", status + " " + problem);
      }
      return problem;
    }
  }

  /** Goes away after some bytes, or while the request still waits. */
  private void leaveMidway(SoakRequest request)
      throws IOException, InterruptedException, UnexpectedException {
    HttpResponse<InputStream> response = http.send(post(request), BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      turnedAway(response, request.body());
      return;
    }
    try (InputStream body = response.body()) {
      body.readNBytes(random.nextInt(MAX_BYTES_BEFORE_LEAVING));
    }
    tally.outcome("left midway");
  }

  private void misbehave(BadRequest bad)
      throws IOException, InterruptedException, UnexpectedException {
    HttpResponse<InputStream> response =
        http.send(bad.request(service), BodyHandlers.ofInputStream());
    int status = response.statusCode();
    String problem = readProblem(response);
    // What only the model can tell is told when the request comes to a slot.
    if (status != bad.status() && status != 429) {
      throw new UnexpectedException(
          "status " + status + " instead of " + bad.status(), bad + ": " + problem);
    }
    tally.outcome(status + (status == 429 ? "" : " bad request"));
  }

  private void beRude() throws IOException, UnexpectedException {
    RudeClient rude = new RudeClient(service);
    switch (random.nextInt(3)) {
      case 0 -> rude.announceTooMuch();
      case 1 -> rude.babble();
      default -> rude.hangUp(random);
    }
    tally.outcome("rude bytes");
  }

  /** The same model, request and seed give the same text, whatever runs beside it. */
  private void repeat(SoakRequest request)
      throws IOException, InterruptedException, UnexpectedException {
    SoakAnswer first = converse(request);
    if (first == null) {
      return;
    }
    SoakAnswer second = converse(request.with(SoakFormat.EVENTS, "model", first.version()));
    if (second == null) {
      return;
    }
    if (!first.text().equals(second.text())) {
      throw new UnexpectedException(
          "the same seed gives another text",
          first.version() + " " + request.body() + ": " + first.text() + " / " + second.text());
    }
    tally.repeated();
  }
}
