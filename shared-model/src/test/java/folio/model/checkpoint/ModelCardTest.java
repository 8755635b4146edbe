package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import folio.model.checkpoint.CheckpointDraft.Origin;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.checkpoint.CheckpointManifest.Corpus;
import folio.model.checkpoint.CheckpointManifest.Losses;
import folio.model.network.CharGru;
import folio.model.testing.Page;
import folio.model.testing.PageTable.Cell;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the model card of a published checkpoint. */
class ModelCardTest {
  private static final String NAME = "a \"b\": |c|\\.txt";

  @TempDir Path root;

  private Path publish(Corpus corpus, Losses losses) {
    CheckpointStore store = new CheckpointStore(root);
    try (NDManager manager = NDManager.newBaseManager();
        CharGru network =
            CharGru.initialize(
                manager, TestCheckpoints.small(TestCheckpoints.LETTERS), new SplittableRandom(1));
        CheckpointWriter writer = store.write()) {
      Origin origin =
          new Origin(null, "run", 1200, corpus, losses, Map.of("learning-rate", "0.008"), null);
      String version =
          writer.publish(
              new CheckpointDraft(
                  network,
                  TestCheckpoints.LETTERS,
                  Precision.FLOAT16,
                  CheckpointDraft.canaryTextOf(TestCheckpoints.LETTERS),
                  origin));
      return root.resolve(version);
    }
  }

  private static JsonNode metadata(String card) throws IOException {
    String[] parts = card.split("---\n", 3);
    assertThat(parts[0]).isEmpty();
    return new YAMLMapper().readTree(parts[1]);
  }

  @Test
  void metadataSaysWhatTheManifestSays() throws IOException {
    Corpus corpus =
        new Corpus(NAME, "ab".repeat(32), 123_456, "CC-BY-SA-4.0: \"share\"\u007f\u2028");
    Losses losses = new Losses(1.4, Map.of("carried-64", 1.51971), Map.of("carried-64", 1.6));

    Path folder = publish(corpus, losses);

    JsonNode card = metadata(Files.readString(folder.resolve("README.md")));
    assertThat(card.path("library_name").asText()).isEqualTo("folio");
    assertThat(card.path("pipeline_tag").asText()).isEqualTo("text-generation");
    assertThat(card.at("/corpus/name").asText()).isEqualTo(NAME);
    assertThat(card.at("/corpus/characters").asLong()).isEqualTo(123_456);
    assertThat(card.at("/corpus/licence").asText()).isEqualTo(corpus.licence());
    JsonNode results = card.at("/model-index/0/results");
    assertThat(results).hasSize(2);
    assertThat(results.at("/0/dataset/split").asText()).isEqualTo("validation");
    assertThat(results.at("/0/dataset/name").asText()).isEqualTo(NAME);
    assertThat(results.at("/0/metrics/0/value").asDouble()).isEqualTo(1.5197);
    assertThat(results.at("/1/dataset/split").asText()).isEqualTo("test");
    assertThat(new CheckpointStore(root).manifest(folder.getFileName().toString()).corpus())
        .isEqualTo(corpus);
  }

  @Test
  void pageHasFactsAndSettings() throws IOException {
    Path folder = publish(new Corpus(NAME, "ab".repeat(32), 123_456), null);

    Page page = Page.read(folder.resolve("README.md"));
    assertThat(page.section("Settings").tables().get(0).column("setting"))
        .extracting(Cell::text)
        .containsExactly("learning-rate");
    String text = Files.readString(folder.resolve("README.md"));
    assertThat(text)
        .contains("| training | 1,200 steps of run run |")
        .contains("| corpus | a \"b\": \\|c\\|\\\\.txt, 123,456 characters, ")
        .contains("parameters in float16 |")
        .contains("| licence | of the corpus: not stated |")
        .contains("| losses | not measured |");
    assertThat(metadata(text).has("model-index")).isFalse();
  }

  /** People write into cards, so no loader compares them with a digest. */
  @Test
  void changedCardIsNoFault() throws IOException {
    Path folder = publish(null, null);
    Files.writeString(folder.resolve("README.md"), "mine");

    CheckpointStore store = new CheckpointStore(root);
    assertThat(store.verify(folder.getFileName().toString()).manifest().corpus()).isNull();
  }
}
