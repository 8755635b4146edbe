package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checkpoints that earlier releases wrote, read by today's code. */
class CompatibilityTest {
  @ParameterizedTest
  @MethodSource("folio.model.testing.EarlierReleases#folders")
  void everyCheckpointComputesTheLossThatItsReleaseMeasured(Path release) {
    CheckpointStore store = new CheckpointStore(release.resolve("checkpoints"));
    assertThat(store.current()).isPresent();
    assertThat(store.versions()).contains(store.current().get());

    Set<Object> kinds = new HashSet<>();
    for (String version : store.versions()) {
      Checkpoint checkpoint = store.open(version);
      CheckpointManifest manifest = checkpoint.manifest();
      assertThat(manifest).hasNoNullFieldsOrPropertiesExcept("documentSeparator");
      assertThat(manifest.corpus()).hasNoNullFieldsOrPropertiesExcept("licence");
      // Release 0.1.0 knew no test part.
      assertThat(manifest.losses()).hasNoNullFieldsOrPropertiesExcept("test");
      assertThat(manifest.losses().of("windows-256")).isEqualTo(2.5);
      assertThat(manifest.settings()).containsEntry("network", "recorded");
      try (NDManager manager = NDManager.newBaseManager();
          CharGru network = checkpoint.load(manager)) {
        manifest.canary().check(manager, network, checkpoint.vocabulary());
      }
      kinds.add(checkpoint.config().network());
    }
    assertThat(kinds).as("kinds of networks").hasSizeGreaterThanOrEqualTo(2);
  }
}
