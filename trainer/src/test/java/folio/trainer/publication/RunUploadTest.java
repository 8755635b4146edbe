package folio.trainer.publication;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.model.run.RunEvents;
import folio.model.run.RunStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the copies of a run's record in the store. */
class RunUploadTest {
  private static final String RUN = "6dbb9c1e-3b8e-4a0e-8c1e-0d3a1f9d2c11";
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  @TempDir Path folder;

  private RunStore store() {
    return RunStore.at(folder.resolve("store").toString(), Map.of());
  }

  private Path metrics(String... lines) throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    Files.write(file, List.of(lines));
    return file;
  }

  private void awaitStep(long step) throws IOException {
    Instant end = Instant.now().plus(DEADLINE);
    while (store().read(RUN).map(RunEvents::lastStep).orElse(-1L) < step) {
      assertThat(Instant.now()).as("deadline of step %s", step).isBefore(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void theStoreFollowsTheFileUntilTheEnd() throws IOException {
    Path metrics = metrics("{\"event\":\"begin\",\"step\":0}");
    try (RunUpload upload = new RunUpload(store(), RUN, metrics)) {
      awaitStep(0);
      metrics("{\"event\":\"begin\",\"step\":0}", "{\"event\":\"progress\",\"step\":7}");
      upload.changed();
      awaitStep(7);
      metrics("{\"event\":\"begin\",\"step\":0}", "{\"event\":\"end\",\"step\":9}");
      upload.changed();
    }

    assertThat(store().read(RUN).map(RunEvents::lastStep)).contains(9L);
  }

  @Test
  void aStoreThatCannotBeWrittenIsReportedOnceAndTheRunContinues() throws IOException {
    Files.writeString(folder.resolve("store"), "a file where the folder should be");
    try (RunUpload upload =
        new RunUpload(store(), RUN, metrics("{\"event\":\"begin\",\"step\":0}"))) {
      Instant end = Instant.now().plus(DEADLINE);
      Optional<String> failure = upload.failure();
      while (failure.isEmpty()) {
        assertThat(Instant.now()).isBefore(end);
        failure = upload.failure();
      }
      assertThat(failure.get()).startsWith("the run is not shown live: ").contains("store");
      assertThat(upload.failure()).isEmpty();
    }
  }

  @Test
  void aLongRecordIsThinnedOutButKeepsItsEnds() {
    StringBuilder lines = new StringBuilder("{\"event\":\"begin\",\"step\":0}\n");
    for (int step = 1; step <= 2500; step++) {
      lines.append("{\"event\":\"progress\",\"step\":").append(step).append("}\n");
      if (step % 25 == 0) {
        for (String kind : List.of("sample", "prediction", "evaluation")) {
          lines.append("{\"event\":\"" + kind + "\",\"step\":").append(step).append("}\n");
        }
      }
    }

    RunEvents shortened =
        RunUpload.shortened(RunEvents.parse(lines.toString().getBytes(StandardCharsets.UTF_8)));

    assertThat(shortened.of("begin")).hasSize(1);
    assertThat(shortened.of("evaluation")).hasSize(100);
    assertThat(shortened.of("prediction")).extracting(RunUploadTest::step).containsExactly(2500L);
    assertThat(shortened.of("sample")).hasSize(50);
    assertThat(step(shortened.of("sample").get(0))).isEqualTo(1275);
    List<JsonNode> progress = shortened.of("progress");
    assertThat(progress).hasSizeBetween(800, 1000);
    assertThat(step(progress.get(progress.size() - 1))).isEqualTo(2500);
    assertThat(step(progress.get(1)) - step(progress.get(0))).isEqualTo(3);
  }

  private static long step(JsonNode event) {
    return event.path("step").asLong();
  }
}
