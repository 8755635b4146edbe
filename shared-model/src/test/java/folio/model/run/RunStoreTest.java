package folio.model.run;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.checkpoint.CheckpointStore;
import folio.model.storage.RunStorage.StoredRun;
import folio.model.testing.S3Server;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the records of training runs in a folder and in a bucket. */
class RunStoreTest {
  private static final String A = "6dbb9c1e-3b8e-4a0e-8c1e-0d3a1f9d2c1a";
  private static final String B = "6dbb9c1e-3b8e-4a0e-8c1e-0d3a1f9d2c1b";
  private static final String C = "6dbb9c1e-3b8e-4a0e-8c1e-0d3a1f9d2c1c";

  @TempDir Path root;

  private static RunEvents events(String... lines) {
    return RunEvents.parse(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
  }

  private static void checkReadsWhatWasWritten(RunStore store) throws IOException {
    assertThat(store.newest(10)).isEmpty();
    assertThat(store.read(A)).isEmpty();
    RunEvents first =
        events("{\"event\":\"begin\",\"step\":0}", "{\"event\":\"progress\",\"step\":5}");
    store.write(A, first);
    store.write(B, events("{\"event\":\"begin\",\"step\":0}"));

    assertThat(store.read(A)).contains(first);
    RunEvents longer = events("{\"event\":\"begin\",\"step\":0}", "{\"event\":\"end\",\"step\":9}");
    store.write(A, longer);
    assertThat(store.read(A)).contains(longer);
    assertThat(store.newest(10)).extracting(StoredRun::name).containsExactlyInAnyOrder(A, B);
    store.deleteAllBut(0);
    assertThat(store.newest(10)).isEmpty();
    store.deleteAllBut(0);
  }

  @Test
  void aFolderReturnsWhatWasWritten() throws IOException {
    checkReadsWhatWasWritten(RunStore.at(root.resolve("store").toString(), Map.of()));
  }

  @Test
  void aBucketReturnsWhatWasWritten() throws IOException {
    try (S3Server server = S3Server.start()) {
      String address = "s3://" + S3Server.BUCKET + "/" + UUID.randomUUID();
      checkReadsWhatWasWritten(RunStore.at(address, server.environment(root)));
    }
  }

  /** The runs stand next to the versions, which are read and written as before. */
  @Test
  void aCheckpointStoreIgnoresTheRunsInIt() throws IOException {
    CheckpointStore checkpoints = new CheckpointStore(root);
    RunStore.at(root.toString(), Map.of()).write(A, events("{}"));
    String version = TestCheckpoints.publishCurrent(checkpoints, 1);

    assertThat(checkpoints.versions()).containsExactly(version);
    assertThat(RunStore.at(root.toString(), Map.of()).read(A)).isPresent();
  }

  @Test
  void listsTheRunsThatWereWrittenLastAndKeepsThem() throws IOException {
    RunStore store = RunStore.at(root.toString(), Map.of());
    for (String run : List.of(A, B, C)) {
      store.write(run, events("{}"));
    }
    touch(A, 1);
    touch(C, 2);
    touch(B, 3);

    assertThat(store.newest(2)).extracting(StoredRun::name).containsExactly(B, C);
    store.deleteAllBut(2);
    assertThat(root.resolve("runs")).isDirectoryNotContaining("glob:**" + A);
    assertThat(store.newest(9)).hasSize(2);
  }

  private void touch(String run, int second) throws IOException {
    Files.setLastModifiedTime(
        root.resolve("runs").resolve(run).resolve("metrics.jsonl"),
        FileTime.from(Instant.ofEpochSecond(second)));
  }

  /**
   * A run's own folder may lie on the volume of the store; only its owner knows whether to show it.
   */
  @Test
  void theFolderOfARunIsNoRecord() throws IOException {
    RunStore store = RunStore.at(root.toString(), Map.of());
    Path own = Files.createDirectories(root.resolve("runs").resolve("train"));
    Files.writeString(own.resolve("metrics.jsonl"), "{}");

    assertThat(store.newest(10)).isEmpty();
    assertThat(store.read("train")).isEmpty();
    store.deleteAllBut(0);
    assertThat(own.resolve("metrics.jsonl")).exists();
  }

  /** Names come from clients, so they must not lead out of the folder. */
  @Test
  void aNameThatIsNoneOfARunIsUnknown() throws IOException {
    RunStore store = RunStore.at(root.toString(), Map.of());
    Files.createDirectories(root.resolve("runs"));
    Files.writeString(root.resolve("metrics.jsonl"), "{}");

    for (String name : List.of("..", ".", "", "a/b", "../../x", A + "/..")) {
      assertThat(store.read(name)).isEqualTo(Optional.empty());
    }
  }

  @Test
  void skipsLinesThatAreIncompleteAndTimesThatAreIllegal() {
    RunEvents events =
        events(
            "{\"event\":\"begin\",\"time\":\"yesterday\",\"step\":0}", "[1]", "{\"event\":\"pro");

    assertThat(events.all()).hasSize(1);
    assertThat(events.began()).isEmpty();
  }

  @Test
  void aRunThatWasResumedHasNotEnded() {
    String end = "{\"event\":\"end\",\"step\":9}";
    String later = "{\"event\":\"memorised\",\"step\":9}";

    assertThat(events("{\"event\":\"begin\"}").end()).isNull();
    assertThat(events("{\"event\":\"begin\"}", end, later).end().path("step").asLong())
        .isEqualTo(9);
    assertThat(events("{\"event\":\"begin\"}", end, later, "{\"event\":\"resume\"}").end())
        .isNull();
  }
}
