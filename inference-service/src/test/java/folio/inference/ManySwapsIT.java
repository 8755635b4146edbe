package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import folio.inference.api.Service;
import folio.inference.decoding.DecodeState;
import folio.inference.decoding.Decoder;
import folio.inference.decoding.StepOutput;
import folio.inference.models.LoadedModel;
import folio.inference.models.ModelLoader;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.network.CharGruConfig;
import folio.model.sampling.Sampler;
import folio.model.sampling.SamplingParameters;
import folio.model.sampling.SeededRandom;
import folio.model.testing.TestCheckpoints;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service swaps its model 500 times, without a leak and without a mixed-up stream. */
class ManySwapsIT {
  private static final int SWAPS = 500;
  private static final int CLIENTS = 4;
  private static final int CHARACTERS = 150;

  /** The vocabularies that the published models use in rotation, each with its own architecture. */
  private static final List<Vocabulary> VOCABULARIES =
      List.of(TestCheckpoints.LETTERS, Vocabulary.of("\nabcdefgh"), Vocabulary.of("\n ijklmnop"));

  @TempDir Path folder;
  private final AtomicBoolean stop = new AtomicBoolean();
  private final ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
  private ServiceProcess process;

  /** The answer that a client received. */
  private record Answer(String version, long seed, String text) {}

  @AfterEach
  void kill() {
    stop.set(true);
    clients.shutdownNow();
    process.kill();
  }

  private String publish(CheckpointStore store, int swap) {
    Vocabulary vocabulary = VOCABULARIES.get(swap % VOCABULARIES.size());
    CharGruConfig config =
        CharGruConfig.residual(vocabulary.size(), 16, 32 + 16 * (swap % 3), 1 + swap % 3);
    String version = TestCheckpoints.publish(store, vocabulary, config, swap);
    try (CheckpointWriter writer = store.write()) {
      writer.promote(version);
    }
    return version;
  }

  private List<Answer> generate(Service service, int client) throws Exception {
    List<Answer> answers = new ArrayList<>();
    for (long seed = client; !stop.get(); seed += CLIENTS) {
      HttpResponse<String> response =
          service
              .client()
              .send(
                  service.generate(
                      "{\"max_tokens\": " + CHARACTERS + ", \"seed\": " + seed + "}",
                      "application/json"),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      JsonNode answer = Service.parse(response.body());
      answers.add(
          new Answer(answer.get("model_version").asText(), seed, answer.get("text").asText()));
    }
    return answers;
  }

  @Test
  void keepsMemoryConstantAndEveryStreamOnOneVersion() throws Exception {
    CheckpointStore store = new CheckpointStore(folder);
    publish(store, 0);
    // A heap of fixed size, so that growth is never garbage that Java has yet to collect.
    process =
        ServiceProcess.start(
            folder,
            Map.of(
                "FOLIO_POLL_INTERVAL", "0.01S",
                "MALLOC_ARENA_MAX", "2", // this and the trim interval as in the launcher
                "JAVA_TOOL_OPTIONS",
                    "-Xms128m -Xmx128m -XX:+AlwaysPreTouch -XX:TrimNativeHeapInterval=5000"));
    Service service = process.service();
    List<Future<List<Answer>>> futures = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      int client = i;
      futures.add(clients.submit(() -> generate(service, client)));
    }
    long early = 0;
    for (int swap = 1; swap <= SWAPS; swap++) {
      String version = publish(store, swap);
      Service.await(
          version + " is current", () -> service.get("/models/current").body().contains(version));
      early = swap == 50 ? residentKiB() : early;
      if (swap % 50 == 0) {
        System.out.printf("resident memory after %d swaps: %,d KiB%n", swap, residentKiB());
      }
    }
    long late = residentKiB();
    stop.set(true);
    int checked = 0;
    for (Future<List<Answer>> each : futures) {
      for (Answer answer : each.get()) {
        if (answer.seed() % 8 < CLIENTS) { // half of the texts: each is computed again here
          assertThat(answer.text()).as(answer.version()).isEqualTo(expected(store, answer));
          checked++;
        }
      }
    }

    System.out.printf(
        "resident memory after 50 swaps %,d KiB, after %d swaps %,d KiB; %,d texts compared%n",
        early, SWAPS, late, checked);
    assertThat(checked).isGreaterThan(SWAPS / 2);
    assertThat(service.metric("folio_model_loads_total{result=\"success\"}"))
        .isEqualTo(SWAPS + 1.0);
    assertThat((double) late).isBetween(0.95 * early, 1.05 * early);
  }

  private long residentKiB() throws IOException {
    return Files.readAllLines(Path.of("/proc", String.valueOf(process.pid()), "status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  /** Returns the text that the version's decoder generates for a batch of one. */
  private static String expected(CheckpointStore store, Answer answer) {
    Decoder.prepareThread(Device.cpu());
    try (LoadedModel model = new ModelLoader(Device.cpu()).load(store.open(answer.version()))) {
      Sampler sampler = new Sampler(model.vocabulary().size());
      StringBuilder text = new StringBuilder();
      int id = model.vocabulary().encode("\n")[0];
      DecodeState state = model.decoder().zeroState(1);
      for (int i = 0; i < CHARACTERS; i++) {
        try (StepOutput decoded = model.decoder().step(new long[] {id}, state)) {
          state.close();
          state = decoded.state();
          double uniform = SeededRandom.uniform(answer.seed(), i);
          id =
              sampler.sample(
                  decoded.logits(), 0, new BitSet(), SamplingParameters.DEFAULT, uniform);
          text.append(model.vocabulary().decode(id));
        }
      }
      state.close();
      return text.toString();
    }
  }
}
