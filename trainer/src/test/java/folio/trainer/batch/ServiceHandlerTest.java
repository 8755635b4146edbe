package folio.trainer.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.trainer.batch.FakeService.Reply;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Batches that a service answers. */
@Timeout(60)
class ServiceHandlerTest {
  @TempDir Path folder;
  private final List<Duration> pauses = new CopyOnWriteArrayList<>();

  private List<BatchRequest> requests(String... prompts) throws Exception {
    String lines =
        String.join(
            "\n", List.of(prompts).stream().map(p -> "{\"prompt\":\"" + p + "\"}").toList());
    return RequestsFile.read(Files.writeString(folder.resolve("requests.jsonl"), lines + "\n"));
  }

  private List<String> run(FakeService service, List<BatchRequest> requests, int parallel)
      throws Exception {
    ServiceHandler handler = new ServiceHandler(service.url() + "/", "a-key\n", pauses::add);
    Path output = folder.resolve("texts.jsonl");
    PrintStream nowhere =
        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    try (AnswersFile answers = AnswersFile.open(output, requests);
        BatchProgress progress = new BatchProgress(nowhere, false, 0, requests.size())) {
      new Batch(requests, handler, parallel).run(answers, progress);
    }
    return Files.readAllLines(output);
  }

  private void assertEnds(Function<String, Reply> replies, String message) throws Exception {
    try (FakeService service = new FakeService(replies)) {
      assertThatThrownBy(() -> run(service, requests("a"), 1))
          .isInstanceOf(BatchException.class)
          .hasMessageContaining(message);
    }
  }

  @Test
  void writesTheAnswersInTheOrderOfTheRequests() throws Exception {
    String[] prompts = IntStream.range(0, 40).mapToObj(i -> "p" + i).toArray(String[]::new);
    CountDownLatch others = new CountDownLatch(3);
    Function<String, Reply> replies =
        prompt -> {
          try {
            if (prompt.equals("p0")) {
              others.await(); // the first request is answered after its successors
            } else {
              others.countDown();
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return Reply.text("t" + prompt);
        };
    try (FakeService service = new FakeService(replies)) {
      List<String> lines = run(service, requests(prompts), 4);

      assertThat(lines).hasSize(40);
      for (int i = 0; i < lines.size(); i++) {
        assertThat(lines.get(i))
            .startsWith("{\"index\":" + i + ",\"request\":\"")
            .contains("\",\"response\":{\"text\":\"tp" + i + "\"");
      }
      assertThat(service.prompts()).containsExactlyInAnyOrder(prompts);
      assertThat(service.keys()).containsOnly("Bearer a-key");
    }
  }

  @Test
  void sendsARequestAgainAfterTheTimeThatTheServiceNames() throws Exception {
    AtomicInteger requests = new AtomicInteger();
    String soon =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            ZonedDateTime.now(ZoneOffset.UTC).plusHours(-1));
    Function<String, Reply> replies =
        prompt ->
            switch (requests.incrementAndGet()) {
              case 1 -> Reply.problem(429, "queue_full").with("Retry-After", "7");
              case 2 -> Reply.problem(503, "no_model").with("Retry-After", "2");
              case 3 -> Reply.problem(503, "no_model").with("Retry-After", soon);
              case 4 -> new Reply(502, Map.of(), "<html>Bad gateway");
              default -> Reply.text("done");
            };
    try (FakeService service = new FakeService(replies)) {
      assertThat(run(service, requests("a"), 1)).singleElement().asString().contains("done");
    }
    assertThat(pauses)
        .containsExactly(
            Duration.ofSeconds(7),
            Duration.ofSeconds(2),
            Duration.ofSeconds(1),
            Duration.ofSeconds(8)); // no header: twice as long after each refusal
  }

  @Test
  void recordsAnErrorAndContinues() throws Exception {
    Function<String, Reply> replies =
        prompt ->
            prompt.equals("bad") ? Reply.problem(400, "unknown_character") : Reply.text(prompt);
    try (FakeService service = new FakeService(replies)) {
      List<String> lines = run(service, requests("a", "bad", "c"), 2);

      assertThat(lines).hasSize(3);
      assertThat(lines.get(1))
          .contains("\"error\":{\"status\":400,\"reason\":\"unknown_character\"}}");
      assertThat(lines.get(2)).contains("\"response\":{\"text\":\"c\"");
    }
  }

  @Test
  void endsIfTheServiceRefusesForTenMinutes() throws Exception {
    assertEnds(
        prompt -> Reply.problem(503, "no_model").with("Retry-After", "60"),
        "/generate answered 503 for 10 minutes; run the same command again to continue");
    assertThat(pauses).hasSize(10);
  }

  @Test
  void waitsOnWhileOtherRequestsAreAnswered() throws Exception {
    AtomicInteger refusals = new AtomicInteger();
    AtomicBoolean waited = new AtomicBoolean();
    Function<String, Reply> replies =
        prompt -> {
          if (prompt.equals("a") && refusals.incrementAndGet() < 15) {
            return Reply.problem(429, "queue_full").with("Retry-After", "60");
          }
          return Reply.text(prompt);
        };
    try (FakeService service = new FakeService(replies)) {
      ServiceHandler[] handler = new ServiceHandler[1];
      BatchRequest other = requests("b").get(0);
      handler[0] =
          new ServiceHandler(
              service.url(),
              null,
              time -> {
                if (refusals.get() == 9) {
                  waited.set(!handler[0].answer(other).failed());
                }
              });
      assertThat(handler[0].answer(requests("a").get(0)).failed()).isFalse();
      assertThat(waited).isTrue();
    }
  }

  @Test
  void endsAtAnAddressThatIsNotAService() throws Exception {
    assertEnds(
        prompt -> new Reply(404, Map.of(), "no such page"),
        "/generate answered 404 and is not a service of Folio; check --url");
    assertEnds(prompt -> new Reply(200, Map.of(), "{}"), "is not a service of Folio");
    assertEnds(
        prompt -> Reply.problem(401, "unauthorized"), "FOLIO_API_KEY is no key of the service");
    assertThatThrownBy(() -> new ServiceHandler("127.0.0.1:8080", null))
        .hasMessage("--url is 127.0.0.1:8080; it must be an address such as http://127.0.0.1:8080");
  }

  @Test
  void endsAtOnceIfTheServiceWasNeverReached() throws Exception {
    FakeService service = new FakeService(Reply::text);
    service.close();
    assertThatThrownBy(() -> run(service, requests("a"), 1))
        .isInstanceOf(BatchException.class)
        .hasMessageContaining("cannot be reached")
        .hasMessageContaining("start the service, or check --url");
    assertThat(pauses).isEmpty();
  }

  @Test
  void waitsForAServiceThatRestarts() throws Exception {
    FakeService service = new FakeService(Reply::text);
    ServiceHandler handler = new ServiceHandler(service.url(), null, pauses::add);
    List<BatchRequest> requests = requests("a", "b");
    handler.answer(requests.get(0));
    service.close();

    assertThatThrownBy(() -> handler.answer(requests.get(1)))
        .hasMessageContaining("cannot be reached")
        .hasMessageContaining("for 10 minutes; run the same command again to continue");
    assertThat(pauses).startsWith(Duration.ofSeconds(1), Duration.ofSeconds(2)).hasSize(15);
  }
}
