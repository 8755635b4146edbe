package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.checkpoint.CheckpointDraft;
import folio.model.checkpoint.CheckpointDraft.Origin;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.checkpoint.CheckpointManifest.Corpus;
import folio.model.checkpoint.CheckpointManifest.Losses;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.CheckpointWriter;
import folio.model.network.CharGru;
import folio.model.testing.TestCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store with a checkpoint in float16, one on another text, and one that was damaged. */
class CheckpointsCommandTest {
  private static final Corpus TEXT = new Corpus("my.txt", "1".repeat(64), 123_456);
  private static final Corpus OTHER = new Corpus("other.txt", "2".repeat(64), 99);

  private final TrainerConsole console = new TrainerConsole();
  private final List<String> versions = new ArrayList<>();

  @TempDir Path folder;
  private CheckpointStore store;

  @BeforeEach
  void publishAll() {
    store = new CheckpointStore(folder);
    publish(1, Precision.FLOAT32, TEXT, Map.of("windows-256", 2.51, "carried-64", 2.4));
    publish(2, Precision.FLOAT32, TEXT, Map.of("windows-256", 2.25, "carried-64", 2.2));
    publish(3, Precision.FLOAT16, TEXT, Map.of("windows-256", 2.35, "carried-64", 2.3));
    publish(4, Precision.FLOAT32, OTHER, Map.of("windows-256", 1.0));
    publish(5, Precision.FLOAT32, TEXT, Map.of("windows-256-sample-64", 1.5));
  }

  @AfterEach
  void restore() {
    console.close();
  }

  private void publish(int seed, Precision precision, Corpus corpus, Map<String, Double> losses) {
    try (NDManager manager = NDManager.newBaseManager();
        CharGru network =
            CharGru.initialize(
                manager,
                TestCheckpoints.small(TestCheckpoints.LETTERS),
                new SplittableRandom(seed));
        CheckpointWriter writer = store.write()) {
      Origin origin =
          new Origin(null, "run", 1000L * seed, corpus, new Losses(2.0, losses), Map.of(), null);
      versions.add(
          writer.publish(
              new CheckpointDraft(
                  network, TestCheckpoints.LETTERS, precision, "some text", origin)));
    }
  }

  private String run(String... words) {
    List<String> args = new ArrayList<>(List.of("checkpoints"));
    args.addAll(List.of(words));
    args.add("--checkpoints=" + folder);
    assertThat(console.run(args)).as(console.errors()).isZero();
    return console.output();
  }

  private String fail(String... words) {
    List<String> args = new ArrayList<>(List.of("checkpoints"));
    args.addAll(List.of(words));
    args.add("--checkpoints=" + folder);
    assertThat(console.run(args)).isEqualTo(1);
    return console.errors();
  }

  @Test
  void listIsATable() throws IOException {
    run("promote", versions.get(1));
    Files.writeString(folder.resolve(versions.get(0)).resolve("manifest.json"), "{");

    List<String> lines = run("list").lines().toList();
    assertThat(lines).hasSize(6);
    assertThat(lines.get(0))
        .matches(" +version +published +corpus +step +precision +size +carried-64 +windows-256");
    assertThat(lines.get(1))
        .startsWith("* " + versions.get(1))
        .matches(
            ".* \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d +my.txt +2,000 +float32 +\\d\\d kB +2.2000 +2.2500");
    assertThat(lines.get(2)).contains("float16").endsWith("2.3000       2.3500");
    assertThat(lines.get(3)).contains("other.txt").endsWith("–       1.0000");
    assertThat(lines.get(4)).endsWith("–      ~1.5000");
    assertThat(lines.get(5)).startsWith("  " + versions.get(0) + "  unreadable: ");
  }

  @Test
  void listIsAlsoJson() throws IOException {
    run("promote", versions.get(1));
    JsonNode list = new JsonMapper().readTree(run("list", "--json"));

    assertThat(list).hasSize(5);
    assertThat(list.get(1).get("current").asBoolean()).isTrue();
    assertThat(list.get(0).get("current").asBoolean()).isFalse();
    assertThat(list.get(2).get("precision").asText()).isEqualTo("float16");
    assertThat(list.at("/0/validation_loss_nats/windows-256").asDouble()).isEqualTo(2.51);
    assertThat(list.at("/3/corpus/name").asText()).isEqualTo("other.txt");
  }

  @Test
  void showIsText() {
    run("promote", versions.get(1));

    assertThat(run("show"))
        .contains(
            "version     " + versions.get(1) + ", which is CURRENT\n",
            "training    2,000 steps of run run\n",
            "corpus      my.txt, 123,456 characters, SHA-256 111111111111…\n",
            "windows-256: 2.2500 nats, 3.2461 bits per character\n",
            "network     residual, 2 layers of 16 units, embeddings of 8, ",
            "vocabulary  60 characters: \\n !,.:;?ABC")
        .doesNotContain("[", "null");
    assertThat(run("show", versions.get(2))).contains(" in float16").doesNotContain("CURRENT");
    assertThat(console.run(List.of("checkpoints", "show", "embedded"))).isZero();
    assertThat(console.output()).contains("version     embedded", "65 characters: ");
  }

  @Test
  void aVersionMayBeAbbreviated() {
    String second = versions.get(1);

    assertThat(run("promote", second.substring(second.indexOf('-') + 1, second.length() - 2)))
        .isEqualTo("CURRENT is " + second + "\n");
    assertThat(run("show", second.substring(0, second.indexOf('-') + 3))).contains(second);
    assertThat(fail("show", second.substring(0, 4)))
        .contains("may mean " + versions.get(0) + " or ", "write more of the name");
    assertThat(fail("promote", "nonesuch"))
        .contains("there is no checkpoint nonesuch in ", "./folio checkpoints list names all");
  }

  @Test
  void bestHasTheLowestLossOnTheTextOfCurrent() {
    run("promote", versions.get(0));

    assertThat(run("promote", "best"))
        .isEqualTo("CURRENT is " + versions.get(1) + " (it was " + versions.get(0) + ")\n");
    run("promote", versions.get(3));
    assertThat(run("promote", "best")).startsWith("CURRENT is " + versions.get(3));
  }

  @Test
  void rollbackTakesTheVersionBefore() {
    run("promote", versions.get(2));

    assertThat(run("rollback"))
        .isEqualTo("CURRENT is " + versions.get(1) + " (it was " + versions.get(2) + ")\n");
    run("rollback");
    assertThat(fail("rollback"))
        .contains("CURRENT is " + versions.get(0) + ", and no earlier checkpoint is in");
    assertThat(store.current()).contains(versions.get(0));
  }
}
