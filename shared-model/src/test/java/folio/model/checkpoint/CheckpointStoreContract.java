package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.model.storage.PublishStep;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The tests of the guarantees that every store makes, in a directory or a bucket. */
abstract class CheckpointStoreContract {
  private CheckpointStore store;

  /** Opens the store of this test. */
  abstract CheckpointStore open();

  /** Overwrites a file of the store without the store's writer. */
  abstract void overwrite(String name, byte[] content) throws IOException;

  /** Starts a process that publishes, waits at a step and is killed there. */
  abstract void killAt(PublishStep step) throws IOException, InterruptedException;

  @BeforeEach
  void openStore() {
    store = open();
  }

  @Test
  void isEmptyBeforeItExists() {
    assertThat(store.current()).isEmpty();
    assertThat(store.versions()).isEmpty();
  }

  @Test
  void namesSortByTimeEvenWithinASecond() {
    List<String> published =
        List.of(
            TestCheckpoints.publish(store, 1),
            TestCheckpoints.publish(store, 2),
            TestCheckpoints.publish(store, 1));

    assertThat(store.versions()).isEqualTo(published);
    assertThat(published).allMatch(CheckpointStore::isVersion);
  }

  @Test
  void publishingDoesNotMoveCurrent() {
    String first = TestCheckpoints.publishCurrent(store, 1);
    TestCheckpoints.publish(store, 2);

    assertThat(store.current()).contains(first);
  }

  @Test
  void rollbackIsPromotingAgain() {
    String first = TestCheckpoints.publishCurrent(store, 1);
    String second = TestCheckpoints.publishCurrent(store, 2);
    assertThat(store.current()).contains(second);
    try (CheckpointWriter writer = store.write()) {
      writer.promote(first);
    }
    assertThat(store.current()).contains(first);
  }

  @Test
  void rejectsThePromotionOfADamagedVersion() throws IOException {
    String first = TestCheckpoints.publishCurrent(store, 1);
    String second = TestCheckpoints.publish(store, 2);
    overwrite(second + "/config.json", new byte[3]);
    try (CheckpointWriter writer = store.write()) {
      assertThatThrownBy(() -> writer.promote(second)).hasMessageContaining("config.json");
      assertThatThrownBy(() -> writer.promote("20260101T000000Z-00000000"))
          .hasMessageContaining("there is no checkpoint 20260101T000000Z-00000000");
      assertThatThrownBy(() -> writer.promote("../etc"))
          .hasMessageContaining("there is no checkpoint ../etc");
    }
    assertThat(store.current()).contains(first);
  }

  @Test
  void neverDeletesTheCurrentVersion() {
    String first = TestCheckpoints.publishCurrent(store, 1);
    String second = TestCheckpoints.publish(store, 2);
    try (CheckpointWriter writer = store.write()) {
      assertThatThrownBy(() -> writer.delete(first)).hasMessageContaining("is CURRENT");
      writer.delete(second);
    }
    assertThat(store.versions()).containsExactly(first);
    store.open(first);
  }

  @Test
  void rejectsACurrentFileThatNamesNoVersion() throws IOException {
    TestCheckpoints.publishCurrent(store, 1);
    overwrite("CURRENT", "../../somewhere\n".getBytes(StandardCharsets.UTF_8));

    assertThatThrownBy(store::current).hasMessageContaining("../../somewhere");
  }

  @Test
  void neverShowsAnIncompleteVersion() throws Exception {
    AtomicBoolean published = new AtomicBoolean();
    Set<String> seen = new ConcurrentSkipListSet<>();
    CountDownLatch reading = new CountDownLatch(1);
    ExecutorService reader = Executors.newSingleThreadExecutor();
    try {
      Future<?> readings =
          reader.submit(
              () -> {
                while (!published.get()) {
                  for (String version : store.versions()) {
                    assertThat(store.open(version).version()).isEqualTo(version);
                    seen.add(version);
                  }
                  store.current().ifPresent(current -> seen.add(store.open(current).version()));
                  reading.countDown();
                }
              });
      assertThat(reading.await(1, TimeUnit.MINUTES)).isTrue();
      for (int i = 0; i < 8; i++) {
        TestCheckpoints.publishCurrent(store, i);
      }
      published.set(true);
      readings.get(1, TimeUnit.MINUTES);
    } finally {
      published.set(true);
      reader.shutdownNow();
    }
    assertThat(store.versions()).hasSize(8).containsAll(seen);
    assertThat(seen).as("versions read during publication").isNotEmpty();
  }

  /** Checks a writer that is killed at one step; subclasses call this for each of their steps. */
  void assertSurvivesAWriterThatIsKilledAt(PublishStep step) throws Exception {
    String before = TestCheckpoints.publishCurrent(store, 1);

    killAt(step);

    String current = store.current().orElseThrow();
    boolean moved = step.compareTo(PublishStep.CURRENT_MOVED) >= 0;
    assertThat(current.equals(before)).isEqualTo(!moved);
    boolean visible = step.compareTo(PublishStep.VERSION_VISIBLE) >= 0;
    assertThat(store.versions()).hasSize(visible ? 2 : 1);
    for (String version : store.versions()) {
      assertThat(store.open(version).version()).isEqualTo(version);
    }
    String after = TestCheckpoints.publishCurrent(store, 3);
    assertThat(store.current()).contains(after);
  }
}
