package folio.inference.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.inference.api.FuzzBodies.Sent;
import folio.inference.api.problem.OpenAiError;
import folio.inference.api.problem.Problem;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import net.jqwik.api.RandomGenerator;
import net.jqwik.api.sessions.JqwikSession;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Sends ten thousand bodies to {@code POST /generate} and a fifth as many to the other resources;
 * every answer must be one that a client can use. {@code -Dfuzz.seed} repeats a run, {@code
 * -Dfuzz.bodies} makes it longer.
 */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@Tag("slow")
class FuzzTest {
  private static final Logger LOG = Logger.getLogger(FuzzTest.class);

  /** The number of concurrent requests; below the number of slots, so that none is rejected. */
  private static final int CONCURRENT_REQUESTS = 24;

  private static final List<String> ACCEPTED_TYPES =
      List.of(
          "application/json",
          "text/plain",
          "application/x-ndjson",
          "text/event-stream",
          "text/html, */*;q=0.1");

  private static final List<String> PATHS =
      Stream.concat(
              Collections.nCopies(10, "/generate").stream(), Stream.of("/score", "/v1/completions"))
          .toList();

  private static final Pattern INTERNALS =
      Pattern.compile("\\n\\s*at |\\b(java|javax|jakarta|com\\.fasterxml|io\\.\\w+|folio)\\.\\w");

  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  private final Map<String, Integer> outcomes = new ConcurrentHashMap<>();
  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();

  @Test
  void everyBodyHasAUsableAnswer() throws InterruptedException {
    long seed = Long.getLong("fuzz.seed", System.nanoTime());
    int bodies = Integer.getInteger("fuzz.bodies", 12_000);
    LOG.infof("-Dfuzz.seed=%d", seed);
    serveAFastModel();

    JqwikSession.start();
    try {
      send(FuzzBodies.any().generator(1000), new Random(seed), bodies);
    } finally {
      JqwikSession.finish();
    }

    LOG.info(outcomes);
    assertThat(failures.stream().limit(20)).as("with -Dfuzz.seed=%d", seed).isEmpty();
    assertThat(outcomes).as("with -Dfuzz.seed=%d", seed).containsKeys(expected());
    assertThat(outcomes.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(bodies);
  }

  private static String[] expected() {
    return FuzzBodies.outcomes().toArray(String[]::new);
  }

  private void send(RandomGenerator<Sent> generator, Random random, int bodies)
      throws InterruptedException {
    List<HttpClient> clients =
        List.of(
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build(),
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build());
    List<Future<?>> answers = new ArrayList<>();
    Semaphore free = new Semaphore(CONCURRENT_REQUESTS);
    for (int i = 0; i < bodies; i++) {
      String path = PATHS.get(i % PATHS.size());
      Sent sent = generator.next(random).value().to(path);
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + RestAssured.port + path))
              .timeout(Duration.ofSeconds(60))
              .header("Content-Type", sent.contentType())
              .header("Accept", ACCEPTED_TYPES.get(i % ACCEPTED_TYPES.size()))
              .POST(HttpRequest.BodyPublishers.ofByteArray(sent.body()))
              .build();
      free.acquire();
      answers.add(
          clients
              .get(i % clients.size())
              .sendAsync(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8))
              .whenComplete(
                  (answer, failure) -> {
                    check(sent, answer, failure);
                    free.release();
                  }));
    }
    assertThat(answers).hasSize(bodies);
    free.acquire(CONCURRENT_REQUESTS);
  }

  private void check(Sent sent, HttpResponse<String> answer, Throwable failure) {
    try {
      if (failure != null) {
        throw failure;
      }
      outcomes.merge(outcome(answer), 1, Integer::sum);
    } catch (Throwable e) {
      String body = new String(sent.body(), StandardCharsets.UTF_8);
      String begin = body.substring(0, Math.min(body.length(), 500));
      failures.add(sent.contentType() + " " + begin + "\n" + e);
    }
  }

  /** Returns "200", or the reason of the problem document. */
  private static String outcome(HttpResponse<String> answer) {
    String type = answer.headers().firstValue("Content-Type").orElse("none");
    if (answer.statusCode() == 200) {
      assertThat(type).isNotEqualTo(Problem.MEDIA_TYPE);
      assertThat(answer.body().isEmpty() && !type.startsWith("text/plain")).isFalse();
      return "200";
    }
    assertThat(answer.statusCode()).as(answer.body()).isBetween(400, 499);
    assertThat(answer.body()).doesNotContainPattern(INTERNALS);
    JsonNode problem = Service.parse(answer.body());
    if (OpenAiError.appliesTo(answer.uri().getPath())) {
      assertThat(type).startsWith("application/json");
      assertThat(problem.at("/error/message").asText()).isNotBlank().hasSizeLessThan(1000);
      assertThat(problem.at("/error/type").asText()).isEqualTo("invalid_request_error");
      return problem.at("/error/code").asText();
    }
    assertThat(type).isEqualTo(Problem.MEDIA_TYPE);
    assertThat(problem.get("status").asInt()).isEqualTo(answer.statusCode());
    assertThat(problem.get("detail").asText()).isNotBlank().hasSizeLessThan(1000);
    return problem.get("reason").asText();
  }

  private void serveAFastModel() {
    Service.awaitReady(RestAssured.port);
    String version = TestCheckpoints.publishCurrent(new CheckpointStore(checkpoints), 7);
    Service service = new Service(RestAssured.port);
    Service.await(
        version + " to be current", () -> service.get("/models/current").body().contains(version));
  }
}
