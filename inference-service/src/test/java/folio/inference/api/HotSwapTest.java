package folio.inference.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.CheckpointFolder;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.testing.TestCheckpoints;
import folio.model.vocabulary.Vocabulary;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests that publish checkpoints while clients stream. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
class HotSwapTest {
  private static final int STREAMS = 32;

  /** The alphabet of each version; a text shows by its letters which version generated it. */
  private static final List<String> ALPHABETS = List.of("abcdefgh", "ijklmnop", "qrstuvwx");

  @ConfigProperty(name = "folio.checkpoints")
  Path checkpoints;

  private Service service;
  private CheckpointStore store;

  @BeforeEach
  void waitUntilReady() {
    Service.awaitReady(RestAssured.port);
    service = new Service(RestAssured.port);
    store = new CheckpointStore(checkpoints);
  }

  private record Answer(int status, String header, List<JsonNode> events) {
    String text() {
      StringBuilder text = new StringBuilder();
      events.forEach(event -> text.append(event.get("text").asText()));
      return text.toString();
    }

    JsonNode last() {
      return events.get(events.size() - 1);
    }
  }

  private Answer stream(int maxTokens, long seed) throws Exception {
    String body =
        "{\"prompt\": \"\\n\", \"max_tokens\": " + maxTokens + ", \"seed\": " + seed + "}";
    HttpResponse<Stream<String>> response =
        service
            .client()
            .send(
                service.generate(body, "application/x-ndjson"),
                HttpResponse.BodyHandlers.ofLines());
    try (Stream<String> lines = response.body()) {
      return new Answer(
          response.statusCode(),
          response.headers().firstValue("X-Model-Version").orElse("none"),
          lines.map(Service::parse).toList());
    }
  }

  private String current() {
    return Service.parse(service.get("/models/current").body()).get("version").asText();
  }

  @Test
  void streamsNeitherFailNorMixVersionsDuringThreeSwaps() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    Set<String> served = ConcurrentHashMap.newKeySet();
    ExecutorService clients = Executors.newFixedThreadPool(STREAMS);
    try {
      List<Future<List<Answer>>> running = new ArrayList<>();
      for (int i = 0; i < STREAMS; i++) {
        long seed = i;
        Callable<List<Answer>> client =
            () -> {
              List<Answer> answers = new ArrayList<>();
              while (!stop.get()) {
                Answer answer = stream(200, seed + STREAMS * (long) answers.size());
                answers.add(answer);
                served.add(answer.header());
              }
              return answers;
            };
        running.add(clients.submit(client));
      }
      Map<String, String> alphabets = new TreeMap<>();
      for (String alphabet : ALPHABETS) {
        String version = publish(alphabet);
        alphabets.put(version, alphabet);
        Service.await(version + " to be current", () -> current().equals(version));
        assertThat(stream(5, 1).last().get("model_version").asText()).isEqualTo(version);
        Service.await("a stream of " + version, () -> served.contains(version));
      }
      stop.set(true);
      for (Future<List<Answer>> each : running) {
        for (Answer answer : each.get()) {
          assertBelongsToOneVersion(answer, alphabets);
        }
      }
    } finally {
      stop.set(true);
      clients.shutdownNow();
    }
  }

  private String publish(String alphabet) {
    Vocabulary vocabulary = Vocabulary.of("\n" + alphabet);
    String version =
        TestCheckpoints.publish(store, vocabulary, TestCheckpoints.small(vocabulary), 1);
    promote(version);
    return version;
  }

  private void promote(String version) {
    try (CheckpointWriter writer = store.write()) {
      writer.promote(version);
    }
  }

  private static void assertBelongsToOneVersion(Answer answer, Map<String, String> alphabets) {
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.last().get("finish_reason").asText()).isEqualTo("length");
    assertThat(answer.last().get("model_version").asText()).isEqualTo(answer.header());
    String alphabet = alphabets.get(answer.header());
    if (alphabet != null) { // the model before the first publication has another alphabet
      assertThat(answer.text().codePoints())
          .allMatch(letter -> letter == '\n' || alphabet.indexOf(letter) >= 0);
    }
  }

  @Test
  void aCorruptCheckpointIsCountedAndTheOldModelKeepsServing() throws Exception {
    String good = TestCheckpoints.publishCurrent(store, 5);
    Service.await(good + " to be current", () -> current().equals(good));
    double before = service.metric("folio_model_loads_total{result=\"failure\"}");
    String intact = TestCheckpoints.publish(store, 6);
    promote(intact);
    Path weights = checkpoints.resolve(intact).resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    Service.await(intact + " to be current", () -> current().equals(intact));
    bytes[bytes.length - 1] ^= 1;
    String corrupt = TestCheckpoints.publish(store, 7);
    Files.write(checkpoints.resolve(corrupt).resolve("model.safetensors"), bytes);
    Files.writeString(checkpoints.resolve("CURRENT"), corrupt + "\n");
    Service.await(
        "the load to fail",
        () -> service.metric("folio_model_loads_total{result=\"failure\"}") == before + 1);

    assertThat(current()).isEqualTo(intact);
    assertThat(stream(5, 1).status()).isEqualTo(200);
    assertThat(service.get("/q/health/ready").statusCode()).isEqualTo(200);
    promote(good);
    Service.await("the rollback", () -> current().equals(good));
    assertThat(service.get("/metrics").body())
        .contains("folio_model_info{version=\"" + good + "\"} 1.0")
        .doesNotContain("folio_model_info{version=\"" + corrupt);
  }
}
