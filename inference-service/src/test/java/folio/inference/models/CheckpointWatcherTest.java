package folio.inference.models;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import folio.inference.api.Service;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Single polls of the watcher; the test stands in for the one worker. */
class CheckpointWatcherTest {
  @TempDir Path folder;
  private final ResidentModels models = new ResidentModels();
  private final List<String> loaded = new ArrayList<>();
  private final List<String> rejected = new ArrayList<>();
  private final List<ResidentModel> held = new ArrayList<>();
  private CheckpointStore store;
  private CheckpointWatcher watcher;

  @BeforeEach
  void open() {
    models.connect(1, new ModelListener() {}, () -> {});
    store = new CheckpointStore(folder.resolve("checkpoints"));
    watcher =
        new CheckpointWatcher(
            store,
            new ModelLoader(Device.cpu())::load,
            models,
            new LoadListener() {
              @Override
              public void loaded(String version, Duration duration) {
                loaded.add(version);
              }

              @Override
              public void rejected(String version, String message) {
                rejected.add(version + ": " + message);
              }
            });
  }

  @AfterEach
  void close() {
    models.close();
  }

  /** Warms the offered model, which makes it current. */
  private void serveOffered() {
    ResidentModel model = models.acquireForWarmUp(0);
    if (model != null) {
      held.add(model);
      models.warmed(model, 0, false);
    }
  }

  private void leaveOldest() {
    models.release(held.remove(0), 0);
  }

  @Test
  void servesTheEmbeddedCheckpointWithoutACurrent() {
    watcher.poll();
    watcher.poll();

    assertThat(loaded).containsExactly("embedded");
    serveOffered();
    assertThat(models.current().orElseThrow().version()).isEqualTo("embedded");
  }

  @Test
  void followsCurrent() {
    String first = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    serveOffered();
    String second = TestCheckpoints.publishCurrent(store, 2);
    watcher.poll();
    watcher.poll();

    assertThat(loaded).containsExactly(first, second);
  }

  @Test
  void loadsOnlyTheNewestVersionThatWaitsForRoom() {
    watcher.poll();
    serveOffered();
    String second = TestCheckpoints.publishCurrent(store, 2);
    watcher.poll();
    serveOffered();
    TestCheckpoints.publishCurrent(store, 3);
    watcher.poll();
    assertThat(models.loadIsWaiting()).isTrue();
    String fourth = TestCheckpoints.publishCurrent(store, 4);
    watcher.poll();
    assertThat(models.residents()).hasSize(2);
    leaveOldest();
    watcher.poll();

    assertThat(loaded).containsExactly("embedded", second, fourth);
  }

  @Test
  void reportsABadCheckpointOnceAndLoadsTheNextVersion() throws IOException {
    String good = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    serveOffered();
    String bad = TestCheckpoints.publishCurrent(store, 2);
    Files.write(
        folder.resolve("checkpoints").resolve(bad).resolve("model.safetensors"), new byte[10]);
    for (int i = 0; i < 50; i++) {
      watcher.poll();
    }

    assertThat(rejected).hasSize(1);
    assertThat(rejected.get(0)).startsWith(bad).contains("model.safetensors has 10 bytes");
    assertThat(models.current().orElseThrow().version()).isEqualTo(good);
    String next = TestCheckpoints.publishCurrent(store, 3);
    watcher.poll();
    assertThat(loaded).containsExactly(good, next);
  }

  @Test
  void refusesAManifestOfAnotherVersion() throws IOException {
    String good = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    serveOffered();
    String bad = TestCheckpoints.publishCurrent(store, 2);
    Path manifest = folder.resolve("checkpoints").resolve(bad).resolve("manifest.json");
    Files.writeString(manifest, Files.readString(manifest).replace(bad, good));
    watcher.poll();

    assertThat(rejected).hasSize(1);
    assertThat(rejected.get(0))
        .startsWith(bad)
        .contains("manifest.json: version is " + good + "; it must be the name of its folder");
    assertThat(models.current().orElseThrow().version()).isEqualTo(good);
  }

  @Test
  void loadsAVersionThatComesBack() throws IOException {
    String first = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    serveOffered();
    String second = TestCheckpoints.publishCurrent(store, 2);
    Path away = folder.resolve("away");
    Files.move(folder.resolve("checkpoints").resolve(second), away);
    watcher.poll();
    assertThat(rejected).hasSize(1);
    Files.move(away, folder.resolve("checkpoints").resolve(second));
    for (int i = 0; i < 5; i++) {
      watcher.poll();
    }

    assertThat(loaded).containsExactly(first, second);
    assertThat(rejected).hasSize(1);
  }

  @Test
  void loadsASlowlyCopiedVersionAsSoonAsItIsComplete() throws IOException {
    String version = TestCheckpoints.publishCurrent(store, 1);
    Path weights = folder.resolve("checkpoints").resolve(version).resolve("model.safetensors");
    byte[] complete = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(complete, 10));
    for (int i = 0; i < 40; i++) {
      watcher.poll();
    }
    assertThat(loaded).isEmpty();
    Files.write(weights, complete);
    watcher.poll();

    assertThat(loaded).containsExactly(version);
  }

  @Test
  void loadsAModelAgainThatTheEngineCouldNotUse() {
    String version = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    ResidentModel model = models.acquireForWarmUp(0);
    models.fail(model, "out of memory");
    models.release(model, 0);
    for (int i = 0; i < 4; i++) {
      watcher.poll();
    }

    assertThat(rejected).containsExactly(version + ": out of memory");
    assertThat(loaded).containsExactly(version, version);
    serveOffered();
  }

  @Test
  void withdrawsTheRequestForRoomAfterARollback() {
    String first = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    serveOffered();
    String second = TestCheckpoints.publishCurrent(store, 2);
    watcher.poll();
    serveOffered();
    TestCheckpoints.publishCurrent(store, 3);
    watcher.poll();
    assertThat(models.loadIsWaiting()).isTrue();
    try (CheckpointWriter writer = store.write()) {
      writer.promote(second);
    }
    watcher.poll();

    assertThat(models.loadIsWaiting()).isFalse();
    assertThat(loaded).containsExactly(first, second);
  }

  @Test
  void keepsServingWhenTheStoreDisappears() throws IOException {
    String first = TestCheckpoints.publishCurrent(store, 1);
    watcher.poll();
    serveOffered();
    Files.move(folder.resolve("checkpoints"), folder.resolve("away"));
    watcher.poll();
    assertThat(models.current().orElseThrow().version()).isEqualTo(first);
    Files.move(folder.resolve("away"), folder.resolve("checkpoints"));
    watcher.poll();

    assertThat(loaded).containsExactly(first);
    assertThat(rejected).isEmpty();
  }

  @Test
  void rejectsAModelWhoseCanaryHasAnotherLoss() throws IOException {
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
    assertThat(rejected).hasSize(1);
    assertThat(rejected.get(0)).contains("canary", "0.5 in manifest.json");
  }

  @Test
  void reportsOnceThatCurrentNamesNoVersion() throws IOException {
    TestCheckpoints.publishCurrent(store, 1);
    Files.writeString(folder.resolve("checkpoints").resolve("CURRENT"), "nonsense\n");
    watcher.poll();
    watcher.poll();

    assertThat(rejected).hasSize(1);
    assertThat(rejected.get(0)).contains("does not name a version: 'nonsense'");
  }

  /** Liveness fails if a poll takes too long, but the time between two polls may be a day. */
  @Test
  void aPollLastsUntilItsLoaderHasReturned() throws InterruptedException {
    TestCheckpoints.publishCurrent(store, 1);
    CountDownLatch loading = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    CheckpointWatcher slow =
        new CheckpointWatcher(
            store,
            checkpoint -> {
              loading.countDown();
              await(release);
              return new ModelLoader(Device.cpu()).load(checkpoint);
            },
            models,
            new LoadListener() {});
    assertThat(slow.pollDuration()).isZero();
    Thread thread = new Thread(() -> slow.run(Duration.ofDays(1)));
    thread.start();
    loading.await();
    assertThat(slow.pollDuration()).isPositive();
    release.countDown();
    Service.await("the end of the poll", () -> slow.pollDuration().isZero());
    slow.close();
    thread.join();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
