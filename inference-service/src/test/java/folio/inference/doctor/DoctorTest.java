package folio.inference.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorTest {
  @TempDir Path folder;

  @Test
  void findsWhatTheServiceNeeds() {
    String version = TestCheckpoints.publishCurrent(new CheckpointStore(folder), 1);

    Report report =
        Doctor.examine(
            Map.of(
                "FOLIO_CHECKPOINTS", folder.toString(), "FOLIO_CACHE", folder + "/not/made/yet"));

    assertThat(report.isComplete()).as(report.toString()).isTrue();
    assertThat(report.toString())
        .contains("Java           " + System.getProperty("java.vm.version"))
        .contains("Charset        UTF-8")
        .contains("Folio's cache  " + folder + "/not/made/yet (FOLIO_CACHE), ")
        .contains("libtorch       2.7.1 for CPUs, from ")
        .contains("it loaded checkpoint " + version)
        .endsWith("Nothing is missing.");
  }

  @Test
  void saysWhatIsMissing() throws IOException {
    TestCheckpoints.publishCurrent(new CheckpointStore(folder), 1);
    Files.writeString(folder.resolve("CURRENT"), "20260101T000000Z-00000000\n");
    Path file = Files.createFile(folder.resolve("file"));

    Report report =
        Doctor.examine(
            Map.of("FOLIO_CHECKPOINTS", folder.toString(), "FOLIO_CACHE", file + "/cache"));

    assertThat(report.isComplete()).isFalse();
    assertThat(report.toString())
        .contains("Folio's cache: set FOLIO_CACHE to a folder that can be written")
        .containsPattern("Checkpoint: .*20260101T000000Z-00000000");
  }
}
