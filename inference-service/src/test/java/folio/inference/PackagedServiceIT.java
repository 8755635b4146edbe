package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.api.Service;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service as a process: start, signals and exit codes. */
class PackagedServiceIT {
  private static final String LONG = "{\"max_tokens\": 9000, \"seed\": 3}";
  private static final String EVENTS = "text/event-stream";

  @TempDir Path folder;
  private Process process;
  private Service service;

  @AfterEach
  void kill() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  private void start(Map<String, String> settings) throws IOException {
    ServiceProcess started = ServiceProcess.start(folder, settings);
    process = started.process();
    service = started.service();
  }

  private HttpResponse<Stream<String>> stream(String body) throws Exception {
    return service
        .client()
        .send(service.generate(body, EVENTS), HttpResponse.BodyHandlers.ofLines());
  }

  @Test
  void reportsALibtorchThatCannotBeLoadedInOneLine() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    String log = ServiceProcess.startAndFail(folder, Map.of("DJL_CACHE_DIR", file.toString()));

    assertThat(log)
        .contains("the engine libtorch cannot be loaded", "DJL_CACHE_DIR, which is " + file)
        .doesNotContain("\tat ", "memory");
  }

  @Test
  void finishesAcceptedStreamsAfterSigtermAndExitsWithZero() throws Exception {
    start(Map.of("FOLIO_DRAIN_TIMEOUT", "2M"));
    List<Iterator<String>> streams = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      HttpResponse<Stream<String>> response = stream(LONG);
      assertThat(response.statusCode()).isEqualTo(200);
      streams.add(response.body().iterator());
    }
    process.toHandle().destroy(); // SIGTERM
    Service.await("not ready", () -> service.get("/q/health/ready").statusCode() == 503);
    HttpResponse<String> rejected =
        service
            .client()
            .send(service.generate("{}", "application/json"), HttpResponse.BodyHandlers.ofString());
    assertThat(rejected.statusCode()).isEqualTo(503);
    assertThat(rejected.headers().firstValue("Retry-After")).isPresent();
    assertThat(Service.parse(rejected.body()).get("reason").asText()).isEqualTo("draining");

    for (Iterator<String> each : streams) {
      StringBuilder text = new StringBuilder();
      String last = "";
      while (each.hasNext()) {
        String line = each.next();
        if (line.startsWith("data: {")) {
          text.append(Service.parse(line.substring(6)).get("text").asText());
        }
        last = line.isEmpty() ? last : line;
      }
      assertThat(last).isEqualTo("data: [DONE]");
      assertThat(text).hasSize(9000);
    }
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).isZero();
  }

  @Test
  void endsRunningStreamsAtTheDrainTimeout() throws Exception {
    start(Map.of("FOLIO_DRAIN_TIMEOUT", "0.2S", "FOLIO_LIMITS_MAX_TOKENS", "10000000"));
    Iterator<String> lines = stream("{\"max_tokens\": 10000000}").body().iterator();
    assertThat(lines.next()).startsWith("data: {");
    process.toHandle().destroy();
    String last = "";
    while (lines.hasNext()) {
      String line = lines.next();
      last = line.startsWith("data: {") ? line : last;
    }

    assertThat(Service.parse(last.substring(6)).get("finish_reason").asText()).isEqualTo("error");
    assertThat(Service.parse(last.substring(6)).get("error").asText()).contains("shutting down");
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).isZero();
  }

  @Test
  void namesAPathThatJavaCannotReadInTheLocale() throws Exception {
    String log =
        ServiceProcess.startAndFail(folder.resolve("caf\u00e9"), Map.of("LC_ALL", "POSIX"));
    assertThat(log)
        .contains("has characters that Java cannot read in the charset of the locale")
        .contains("set LC_ALL=C.UTF-8");
  }

  @Test
  void namesTheSettingThatIsOutOfItsRange() throws Exception {
    String log = ServiceProcess.startAndFail(folder, Map.of("FOLIO_SLOTS", "0"));

    assertThat(log).contains("folio.slots is 0; it must be 1 to 65536").doesNotContain("\tat ");
  }

  @Test
  void servesTheCurrentCheckpointAfterAKill() throws Exception {
    CheckpointStore store = new CheckpointStore(folder);
    TestCheckpoints.publishCurrent(store, 1);
    String current = TestCheckpoints.publishCurrent(store, 2);
    start(Map.of("FOLIO_DEVICE", "cpu"));
    Service.await("current", () -> service.get("/models").body().contains(current));
    process.destroyForcibly().waitFor();
    start(Map.of());

    HttpResponse<Stream<String>> response = stream("{\"max_tokens\": 5}");
    assertThat(response.headers().firstValue("X-Model-Version")).contains(current);
  }
}
