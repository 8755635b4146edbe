package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.CheckpointDraft.Origin;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.model.testing.EarlierReleases;
import folio.model.testing.TestCheckpoints;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Records the checkpoints of a release for {@link CompatibilityTest}. CONTRIBUTING has the command.
 */
class CheckpointRecorder {
  /** Letters, and characters of two and four bytes in UTF-8. */
  private static final Vocabulary VOCABULARY =
      Vocabulary.of(String.join("", TestCheckpoints.LETTERS.characters()) + "é😀");

  private static final int SIZE = VOCABULARY.size();

  /** Networks with every kind and every option of the format; each takes a few kilobytes. */
  private static final List<CharGruConfig> NETWORKS =
      List.of(
          CharGruConfig.residual(SIZE, 6, 8, 2),
          new CharGruConfig(
              NetworkKind.PLAIN, SIZE, 8, 8, 2, Nonlinearity.NONE, Nonlinearity.RELU, null, false),
          new CharGruConfig(
              NetworkKind.PLAIN, SIZE, 8, 8, 1, Nonlinearity.TANH, Nonlinearity.NONE, null, true),
          new CharGruConfig(
              NetworkKind.RESIDUAL, SIZE, 6, 8, 3, Nonlinearity.RELU, Nonlinearity.RELU, 6, true));

  @Test
  void recordsEveryKindOfNetwork() throws IOException {
    Path folder = EarlierReleases.emptyFolder("checkpoints");
    CheckpointStore store = new CheckpointStore(folder);
    try (CheckpointWriter writer = store.write()) {
      for (CharGruConfig config : NETWORKS) {
        publish(writer, config, Precision.FLOAT32);
      }
      writer.promote(publish(writer, NETWORKS.get(0), Precision.FLOAT16));
    }
    Files.deleteIfExists(folder.resolve(".lock"));

    Set<NetworkKind> recorded =
        NETWORKS.stream().map(CharGruConfig::network).collect(Collectors.toSet());
    assertThat(recorded).isEqualTo(EnumSet.allOf(NetworkKind.class));
  }

  private static String publish(
      CheckpointWriter writer, CharGruConfig config, Precision precision) {
    try (NDManager manager = NDManager.newBaseManager();
        CharGru network =
            CharGru.initialize(manager, config, new SplittableRandom(config.layers()))) {
      Origin origin =
          new Origin(
              "20260101T000000Z-00000000",
              "recorded",
              100,
              new CheckpointManifest.Corpus("recorded", "0".repeat(64), 1000),
              new CheckpointManifest.Losses(2.0, Map.of("windows-256", 2.5, "carried-64", 2.4)),
              Map.of("network", "recorded"),
              null);
      String canary = String.join("", VOCABULARY.characters());
      return writer.publish(new CheckpointDraft(network, VOCABULARY, precision, canary, origin));
    }
  }
}
