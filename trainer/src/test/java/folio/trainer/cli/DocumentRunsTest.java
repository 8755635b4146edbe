package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs on a list of names, some of which have rare characters. */
class DocumentRunsTest extends SmallRunTest {
  @BeforeEach
  void writeNames() throws IOException {
    StringBuilder names = new StringBuilder();
    for (int i = 0; i < 600; i++) {
      names.append("abcdefgh".charAt(i % 8)).append("nn".repeat(i % 3)).append(i % 5).append('\n');
    }
    corpus = Files.writeString(folder.resolve("names.txt"), names + "zoë\nñandú\n");
  }

  private int trainOnDocuments(String... more) {
    List<String> options =
        new ArrayList<>(
            List.of("--document-separator=\\n", "--split-by=hash", "--min-frequency=5"));
    options.addAll(List.of(more));
    return train(options.toArray(String[]::new));
  }

  private Checkpoint current() {
    return store().open(store().current().orElseThrow());
  }

  @Test
  void theCheckpointKnowsTheSeparatorAndTheUnknownEntry() {
    assertThat(trainOnDocuments()).as(console.errors()).isZero();

    assertThat(console.errors()).contains("read 602 documents");
    assertThat(console.output())
        .contains(
            "5 distinct characters occur too rarely, 5 times in all; they share the unknown entry",
            "step 40, documents ")
        .doesNotContain("windows-256", "carried-64");
    Checkpoint current = current();
    assertThat(current.description().documentSeparator()).isEqualTo("\n");
    assertThat(current.description().defaultPrompt()).isEqualTo("\n");
    assertThat(current.vocabulary().hasUnknownEntry()).isTrue();
    assertThat(current.vocabulary().characters()).contains("a", "n", "\n").doesNotContain("ñ", "z");
    assertThat(current.manifest().losses().validation()).containsOnlyKeys("documents");
    assertThat(current.manifest().settings())
        .containsEntry("document-separator", "\\n")
        .containsEntry("split-by", "HASH")
        .containsEntry("min-frequency", "5");
  }

  @Test
  void otherCommandsDivideTheTextAsTheRunDid() {
    assertThat(trainOnDocuments()).as(console.errors()).isZero();
    double loss = current().manifest().losses().of("documents");

    assertThat(withStore("evaluate", "--corpus=" + corpus)).as(console.errors()).isZero();
    assertThat(console.output()).contains(String.format("documents    %.4f nats", loss));
    assertThat(withStore("publish", "--measure", "--corpus=" + corpus))
        .as(console.errors())
        .isZero();
    String published = console.output().strip();
    CheckpointManifest again = store().manifest(published);
    assertThat(again.losses().of("documents")).isEqualTo(loss);
    assertThat(again.documentSeparator()).isEqualTo("\n");
    assertThat(withStore("sample", "--max-tokens=60", "--prompt=ño", "--unknown=replace"))
        .as(console.errors())
        .isZero();
    assertThat(console.output()).startsWith("ño").doesNotContain("\ufffd");
    assertThat(withStore("sample", "--prompt=ño")).isEqualTo(2);
    assertThat(console.errors()).contains("'ñ' (U+00F1) at position 0", "--prompt");
  }

  @ParameterizedTest
  @CsvSource({
    "--document-separator=\\t, --document-separator is \\t",
    "--split-by=position, --split-by is POSITION",
    "--min-frequency=1, --min-frequency is 1"
  })
  void aResumedRunKeepsItsDivision(String option, String message) throws IOException {
    Files.writeString(corpus, Files.readString(corpus) + "tab\tulator\n");
    assertThat(trainOnDocuments()).as(console.errors()).isZero();

    assertThat(train("--resume", "--steps=60", option)).isEqualTo(1);
    assertThat(console.errors()).contains(message + ", but was");
    assertThat(train("--resume", "--steps=60")).as(console.errors()).isZero();
    assertThat(console.output()).contains("resuming after step 40", "step 60, documents");
  }

  @Test
  void illegalDivisionsAreRefused() {
    assertThat(train("--split-by=hash")).isEqualTo(2);
    assertThat(console.errors())
        .contains("--split-by is hash, but there are no documents; add --document-separator");
    assertThat(trainOnDocuments("--validation=" + corpus)).isEqualTo(2);
    assertThat(console.errors()).contains("--split-by is hash", "--validation");
    assertThat(train("--document-separator=\\x")).isEqualTo(2);
    assertThat(console.errors()).contains("a backslash must be followed by n, r, t");
    assertThat(train("--min-frequency=0")).isEqualTo(2);
    assertThat(console.errors()).contains("--min-frequency is 0; it must be 1 to");
  }

  @Test
  void aModelOfDocumentsIsNotComparedWithOneOfRunningText() {
    assertThat(train()).as(console.errors()).isZero();
    assertThat(trainOnDocuments("--run=" + folder.resolve("documents")))
        .as(console.errors())
        .isZero();

    assertThat(console.output())
        .contains("was measured on another part of the text", "--promote always");
  }

  @Test
  void aRunFromAnotherOnesLastCheckpointContinuesItsOptimizer() throws IOException {
    assertThat(trainOnDocuments()).as(console.errors()).isZero();
    CheckpointManifest parent = current().manifest();
    assertThat(parent.step()).isEqualTo(40);
    List<String> fork =
        new ArrayList<>(
            List.of(
                "train",
                "--corpus=" + corpus,
                "--checkpoints=" + folder.resolve("checkpoints"),
                "--run=" + folder.resolve("fork"),
                "--from=" + parent.version(),
                "--document-separator=\\n",
                "--split-by=hash",
                "--min-frequency=5",
                "--learning-rate=0.001",
                "--batch=8",
                "--length=16",
                "--steps=20",
                "--device=cpu"));

    assertThat(console.run(fork)).as(console.errors()).isZero();
    assertThat(console.output())
        .contains("the optimizer continues that of " + folder.resolve("run"));
    Map<String, String> facts =
        Safetensors.readMetadata(folder.resolve("fork").resolve("state.safetensors"));
    assertThat(facts).containsEntry("optimizer-steps-before", "40");

    fork.set(3, "--run=" + folder.resolve("elsewhere").resolve("fork"));
    assertThat(console.run(fork)).as(console.errors()).isZero();
    assertThat(console.output()).contains("the optimizer starts anew");
  }
}
