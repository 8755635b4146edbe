package folio.inference.models;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The watcher's turns, taken by hand; the test stands in for the decode thread. */
class CheckpointWatcherTest {
  @TempDir Path folder;
  private final ModelHandover handover = new ModelHandover();
  private final List<String> loaded = new ArrayList<>();
  private final List<String> refused = new ArrayList<>();
  private final List<LoadedModel> models = new ArrayList<>();
  private CheckpointStore store;
  private CheckpointWatcher watcher;

  @BeforeEach
  void open() {
    store = new CheckpointStore(folder.resolve("checkpoints"));
    watcher =
        new CheckpointWatcher(
            store,
            new ModelLoader(Device.cpu())::load,
            handover,
            new LoadListener() {
              @Override
              public void loaded(String version, Duration duration) {
                loaded.add(version);
              }

              @Override
              public void rejected(String version, String message) {
                refused.add(version + ": " + message);
              }
            });
  }

  @AfterEach
  void close() {
    models.forEach(LoadedModel::close);
  }

  /** What the decode thread does with a model. */
  private void take() {
    LoadedModel model = handover.poll();
    if (model != null) {
      models.add(model);
      handover.activated(model);
    }
  }

  private void retireOldest() {
    handover.closed(models.get(0));
    models.remove(0).close();
  }

  @Test
  void servesTheEmbeddedCheckpointWithoutACurrent() {
    watcher.poll();
    watcher.poll();

    assertThat(loaded).containsExactly("embedded");
    take();
    assertThat(handover.current().orElseThrow().version()).isEqualTo("embedded");
  }

  @Test
  void followsCurrent() {
    String first = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    take();
    String second = TestCheckpoints.publishCurrent(store, 2);
    watcher.poll();
    watcher.poll();

    assertThat(loaded).containsExactly(first, second);
  }

  @Test
  void loadsOnlyTheNewestOfThoseThatWaitForRoom() {
    watcher.poll();
    take();
    String second = TestCheckpoints.publishCurrent(store, 2);
    watcher.poll();
    take();
    TestCheckpoints.publishCurrent(store, 3);
    watcher.poll();
    assertThat(handover.roomRequested()).isTrue();
    String fourth = TestCheckpoints.publishCurrent(store, 4);
    watcher.poll();
    assertThat(handover.residents()).hasSize(2);
    retireOldest();
    watcher.poll();

    assertThat(loaded).containsExactly("embedded", second, fourth);
  }

  @Test
  void refusesABadCheckpointOnceAndGoesOn() throws IOException {
    String good = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    take();
    String bad = TestCheckpoints.publishCurrent(store, 2);
    Files.write(
        folder.resolve("checkpoints").resolve(bad).resolve("model.safetensors"), new byte[10]);
    for (int i = 0; i < 50; i++) {
      watcher.poll();
    }

    assertThat(refused).hasSize(1);
    assertThat(refused.get(0)).startsWith(bad).contains("model.safetensors has 10 bytes");
    assertThat(handover.current().orElseThrow().version()).isEqualTo(good);
    String next = TestCheckpoints.publishCurrent(store, 3);
    watcher.poll();
    assertThat(loaded).containsExactly(good, next);
  }

  @Test
  void takesAVersionThatComesBack() throws IOException {
    String first = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    take();
    String second = TestCheckpoints.publishCurrent(store, 2);
    Path away = folder.resolve("away");
    Files.move(folder.resolve("checkpoints").resolve(second), away);
    watcher.poll();
    assertThat(refused).hasSize(1);
    Files.move(away, folder.resolve("checkpoints").resolve(second));
    for (int i = 0; i < 5; i++) {
      watcher.poll();
    }

    assertThat(loaded).containsExactly(first, second);
    assertThat(refused).hasSize(1);
  }

  @Test
  void triesAModelAgainThatTheDecodeThreadCouldNotUse() {
    String version = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    LoadedModel model = handover.poll();
    model.close();
    handover.failed(model, "out of memory");
    for (int i = 0; i < 4; i++) {
      watcher.poll();
    }

    assertThat(refused).containsExactly(version + ": out of memory");
    assertThat(loaded).containsExactly(version, version);
    take();
  }

  @Test
  void wantsNoRoomAfterARollback() {
    String first = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    take();
    String second = TestCheckpoints.publishCurrent(store, 2);
    watcher.poll();
    take();
    TestCheckpoints.publishCurrent(store, 3);
    watcher.poll();
    assertThat(handover.roomRequested()).isTrue();
    try (CheckpointWriter writer = store.write()) {
      writer.promote(second);
    }
    watcher.poll();

    assertThat(handover.roomRequested()).isFalse();
    assertThat(loaded).containsExactly(first, second);
  }

  @Test
  void servesOnWhenTheFolderDisappears() throws IOException {
    String first = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    take();
    Files.move(folder.resolve("checkpoints"), folder.resolve("away"));
    watcher.poll();
    assertThat(handover.current().orElseThrow().version()).isEqualTo(first);
    Files.move(folder.resolve("away"), folder.resolve("checkpoints"));
    watcher.poll();

    assertThat(loaded).containsExactly(first);
    assertThat(refused).isEmpty();
  }

  @Test
  void refusesAModelWhoseCanaryHasAnotherLoss() throws IOException {
    String version = TestCheckpoints.publish(store, 1);
    Path manifest = folder.resolve("checkpoints").resolve(version).resolve("manifest.json");
    String text = Files.readString(manifest);
    Files.writeString(
        manifest, text.replaceFirst("\"loss_nats\" : [0-9.]+", "\"loss_nats\" : 0.5"));
    try (CheckpointWriter writer = store.write()) {
      writer.promote(version);
    }
    watcher.poll();

    assertThat(loaded).isEmpty();
    assertThat(refused).hasSize(1);
    assertThat(refused.get(0)).contains("canary", "0.5 in manifest.json");
  }

  @Test
  void saysOnceThatCurrentCannotBeUsed() throws IOException {
    TestCheckpoints.publishCurrent(store, 1);
    Files.writeString(folder.resolve("checkpoints").resolve("CURRENT"), "nonsense\n");
    watcher.poll();
    watcher.poll();

    assertThat(refused).hasSize(1);
    assertThat(refused.get(0)).contains("does not name a version: 'nonsense'");
  }
}
