package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointStoreTest {
  @TempDir Path root;
  private CheckpointStore store;

  @BeforeEach
  void open() {
    store = new CheckpointStore(root.resolve("checkpoints"));
  }

  @Test
  void isEmptyBeforeItsFolderExists() {
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
  void refusesToPromoteWhatIsNotWhole() throws IOException {
    String first = TestCheckpoints.publishCurrent(store, 1);
    String second = TestCheckpoints.publish(store, 2);
    Files.write(store.root().resolve(second).resolve("config.json"), new byte[3]);
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
  void neverDeletesWhatCurrentNames() {
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
  void tellsASecondWriterThatThereIsOne() {
    TestCheckpoints.publish(store, 1);
    try (CheckpointWriter writer = store.write()) {
      assertThatThrownBy(store::write)
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("another process is writing to " + store.root());
      assertThat(store.versions()).hasSize(1);
      writer.promote(store.versions().get(0));
    }
    store.write().close();
  }

  @Test
  void refusesACurrentThatNamesNoVersion() throws IOException {
    TestCheckpoints.publishCurrent(store, 1);
    Files.writeString(store.root().resolve("CURRENT"), "../../somewhere\n");

    assertThatThrownBy(store::current).hasMessageContaining("../../somewhere");
  }

  @Test
  void saysThatAFolderCannotBeWritten() throws IOException {
    Path file = Files.writeString(root.resolve("file"), "not a folder");

    assertThatThrownBy(new CheckpointStore(file.resolve("checkpoints"))::write)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("cannot be written");
  }
}
