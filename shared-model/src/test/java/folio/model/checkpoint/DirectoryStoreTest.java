package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.model.storage.PublishStep;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("slow")
class DirectoryStoreTest extends CheckpointStoreContract {
  @TempDir Path folder;

  private Path root() {
    return folder.resolve("checkpoints");
  }

  @Override
  CheckpointStore open() {
    return CheckpointStore.at(root().toUri().toString(), Map.of());
  }

  @Override
  void overwrite(String name, byte[] content) throws IOException {
    Files.write(root().resolve(name), content);
  }

  @Override
  void killAt(PublishStep step) throws IOException, InterruptedException {
    KilledWriter.killAt(step, root().toString(), Map.of());
  }

  @ParameterizedTest
  @EnumSource(PublishStep.class)
  void survivesAWriterThatIsKilled(PublishStep step) throws Exception {
    assertSurvivesAWriterThatIsKilledAt(step);
  }

  @AfterEach
  void checkThatNoTemporaryFilesRemain() {
    String[] temporary = root().toFile().list((dir, name) -> name.startsWith(".tmp-"));
    assertThat(temporary == null ? new String[0] : temporary).isEmpty();
  }

  @Test
  void rejectsASecondWriter() {
    CheckpointStore store = open();
    TestCheckpoints.publish(store, 1);
    try (CheckpointWriter writer = store.write()) {
      assertThatThrownBy(store::write)
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("another process is writing to " + root());
      assertThat(store.versions()).hasSize(1);
      writer.promote(store.versions().get(0));
    }
    store.write().close();
  }

  @Test
  void reportsThatAFolderCannotBeWritten() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "not a folder");

    assertThatThrownBy(new CheckpointStore(file.resolve("checkpoints"))::write)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("cannot be written");
  }
}
