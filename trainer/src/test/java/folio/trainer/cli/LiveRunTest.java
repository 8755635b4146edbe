package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.run.RunEvents;
import folio.model.run.RunStore;
import folio.model.storage.RunStorage.StoredRun;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests of runs whose record a service can show while they train. */
@Tag("slow")
class LiveRunTest extends SmallRunTest {
  private RunStore runs() {
    return RunStore.at(folder.resolve("checkpoints").toString(), Map.of());
  }

  @Test
  void aLiveRunWritesItsRecordNextToItsCheckpoints() throws IOException {
    assertThat(train("--live", "--view-every=20")).isZero();

    List<StoredRun> stored = runs().newest(5);
    assertThat(stored).hasSize(1);
    String id = stored.get(0).name();
    List<CheckpointManifest> manifests =
        store().versions().stream().map(store()::manifest).toList();
    assertThat(manifests).isNotEmpty().allMatch(manifest -> manifest.run().equals(id));
    RunEvents events = runs().read(id).orElseThrow();
    JsonNode begin = events.last("begin");
    assertThat(begin.path("steps").asLong()).isEqualTo(40);
    assertThat(begin.path("characters_per_step").asLong()).isPositive();
    assertThat(events.last("end").path("step").asLong()).isEqualTo(40);
    assertThat(events.last("published").path("version").asText())
        .isEqualTo(manifests.get(manifests.size() - 1).version());
    JsonNode prediction = events.last("prediction");
    assertThat(prediction.path("logprobs"))
        .hasSameSizeAs(prediction.path("text").asText().codePoints().boxed().toList());
    assertThat(events.of("sample")).hasSize(2);
  }

  /** The record holds samples and a part of the text, so nobody else sees them by default. */
  @Test
  void aRunIsOnlyLiveIfItWasAskedTo() throws IOException {
    assertThat(train()).isZero();

    assertThat(runs().newest(5)).isEmpty();
  }

  @Test
  void aResumedRunStaysLive() throws IOException {
    assertThat(train("--live")).isZero();
    assertThat(train("--resume", "--steps=50")).isZero();

    List<StoredRun> stored = runs().newest(5);
    assertThat(stored).hasSize(1);
    RunEvents events = runs().read(stored.get(0).name()).orElseThrow();
    assertThat(events.lastStep()).isEqualTo(50);
    assertThat(events.last("resume").path("step").asLong()).isEqualTo(40);
  }
}
