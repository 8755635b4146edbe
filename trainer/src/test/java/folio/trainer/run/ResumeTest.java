package folio.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointStore;
import folio.model.checkpoint.Safetensors;
import folio.trainer.cli.TrainerProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainer processes that are killed or stopped, and resumed. */
@Tag("slow")
class ResumeTest {
  private static final int STEPS = 240;

  @TempDir Path folder;
  private Path corpus;

  String device() {
    return "cpu";
  }

  @BeforeEach
  void writeCorpus() throws IOException {
    corpus = folder.resolve("corpus.txt");
    Files.writeString(corpus, ArithmeticText.LINES);
  }

  /** Starts a run that uses streams, resets, every dropout, an average and clipping. */
  private Process start(String name, String... more) throws IOException {
    List<String> options =
        new ArrayList<>(
            List.of(
                "train",
                "--corpus=" + corpus,
                "--checkpoints=" + folder.resolve(name + "-checkpoints"),
                "--run=" + folder.resolve(name),
                "--resume-if-saved",
                "--promote=always",
                "--preset=quality",
                "--hidden-size=32",
                "--embedding-size=12",
                "--batch=8",
                "--length=16",
                "--steps=" + STEPS,
                "--warmup-steps=20",
                "--evaluate-every=60",
                "--save-every=20",
                "--view-every=60",
                "--keep=100",
                "--split=80,10,10",
                "--patience=50",
                "--device=" + device(),
                "--threads=2"));
    options.addAll(List.of(more));
    return TrainerProcess.of(options).start();
  }

  private static String readUntil(Process process, String end) throws IOException {
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    StringBuilder text = new StringBuilder();
    String line;
    while ((line = out.readLine()) != null) {
      text.append(line).append('\n');
      if (end != null && line.contains(end)) {
        return text.toString();
      }
    }
    return text.toString();
  }

  private static void finish(Process process) throws Exception {
    String output = readUntil(process, null);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
  }

  private List<CheckpointManifest> manifests(String name) {
    CheckpointStore store = new CheckpointStore(folder.resolve(name + "-checkpoints"));
    return store.versions().stream().map(store::manifest).toList();
  }

  @Test
  void killedAndResumedRunEndsWithTheSameBitsAsAnUninterruptedRun() throws Exception {
    assertTheSameBits();
  }

  @Test
  void alsoOnDocumentsFromTheWeightsOfACheckpoint() throws Exception {
    finish(start("parent"));
    CheckpointStore parents = new CheckpointStore(folder.resolve("parent-checkpoints"));
    Path parent = folder.resolve("parent-checkpoints").resolve(parents.current().orElseThrow());

    assertTheSameBits(
        "--from=" + parent,
        "--document-separator=\\n",
        "--split-by=hash",
        "--min-frequency=1000",
        "--output-dropout=0.3");
  }

  private void assertTheSameBits(String... more) throws Exception {
    finish(start("whole", more));

    Process first = start("killed", more);
    readUntil(first, "step 60, ");
    first.destroyForcibly().waitFor();
    assertThat(first.exitValue()).isEqualTo(128 + 9);
    Process second = start("killed", more);
    assertThat(readUntil(second, "step 180, ")).contains("resuming after step ");
    second.destroyForcibly().waitFor();
    finish(start("killed", more));

    // The state holds weights, average, moments and carried state; only the run's identifier
    // differs.
    assertThat(facts("killed")).isEqualTo(facts("whole")).containsEntry("step", "" + STEPS);
    Map<String, float[]> expected = arrays("whole");
    Map<String, float[]> resumed = arrays("killed");
    assertThat(resumed.keySet()).isEqualTo(expected.keySet()).contains("carried");
    expected.forEach((array, values) -> assertThat(resumed.get(array)).as(array).isEqualTo(values));
    List<CheckpointManifest> whole = manifests("whole");
    List<CheckpointManifest> killed = manifests("killed");
    assertThat(killed).extracting(CheckpointManifest::step).doesNotHaveDuplicates();
    assertThat(killed.get(killed.size() - 1).files())
        .isEqualTo(whole.get(whole.size() - 1).files());
  }

  private byte[] state(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve("state.safetensors"));
  }

  private Map<String, String> facts(String name) throws IOException {
    Map<String, String> facts = new TreeMap<>(Safetensors.readMetadata(state(name)));
    assertThat(facts.remove("run")).hasSize(36);
    assertThat(facts.remove("--checkpoints")).contains(folder.toString());
    return facts;
  }

  private Map<String, float[]> arrays(String name) throws IOException {
    Map<String, float[]> arrays = new TreeMap<>();
    try (NDManager manager = NDManager.newBaseManager()) {
      for (NDArray array : Safetensors.read(manager, state(name))) {
        arrays.put(array.getName(), array.toFloatArray());
      }
    }
    return arrays;
  }

  @Test
  void aSignalCancelsTheEvaluationAtTheEnd() throws Exception {
    Files.writeString(corpus, Files.readString(corpus).repeat(10));
    Process process = start("cancelled", "--split=10,90", "--hidden-size=192");
    readUntil(process, "step " + STEPS + ", windows-256-sample-");
    process.toHandle().destroy();
    String output = readUntil(process, null);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();

    assertThat(process.exitValue()).as(output).isZero();
    assertThat(output)
        .contains(
            "stopped: the loss of the whole validation part is not measured; ./folio evaluate")
        .contains("done at step " + STEPS)
        .doesNotContain("carried-64");
    assertThat(facts("cancelled")).containsEntry("step", "" + STEPS);
  }

  @Test
  void signalPublishesTheBestNetworkAndEndsWithTheCodeOfAStoppedRun() throws Exception {
    Process process = start("stopped");
    readUntil(process, "step 60, carried");
    process.toHandle().destroy(); // unlike Process.destroy, this leaves the output readable
    String output = readUntil(process, null);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();

    assertThat(process.exitValue()).as(output).isEqualTo(143);
    Matcher stopping = Pattern.compile("stopping after step (\\d+)").matcher(output);
    assertThat(stopping.find()).as(output).isTrue();
    long stoppedAt = Long.parseLong(stopping.group(1));
    assertThat(stoppedAt).isLessThan(STEPS);
    assertThat(output).contains("step " + stoppedAt + ", carried");
    assertThat(facts("stopped")).containsEntry("step", "" + stoppedAt);
    // With this little training every evaluation is better than the one before.
    List<CheckpointManifest> published = manifests("stopped");
    assertThat(published.get(published.size() - 1).step()).isEqualTo(stoppedAt);
    finish(start("stopped"));
    assertThat(facts("stopped")).containsEntry("step", "" + STEPS);
  }
}
