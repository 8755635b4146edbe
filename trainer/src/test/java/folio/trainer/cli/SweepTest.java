package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.checkpoint.CheckpointStore;
import folio.trainer.sweep.RunRecord;
import java.awt.GraphicsEnvironment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sweeps of small runs, in processes of their own. */
@Tag("slow")
class SweepTest {
  @TempDir Path folder;
  private Path sweep;

  @BeforeEach
  void write() throws IOException {
    Path corpus = folder.resolve("corpus.txt");
    Files.writeString(corpus, "the quick brown fox jumps over the lazy dog.\n".repeat(120));
    Files.writeString(
        folder.resolve("three.txt"),
        """
        all: --corpus %s --device cpu --threads 1 --layers 1 --embedding-size 8 --batch 4
        all: --length 16 --steps 40 --evaluate-every 10 --holdout 0.1
        width.8: --hidden-size 8
        width.16: --hidden-size 16
        other: --hidden-size 12 --learning-rate 0.01
        """
            .formatted(corpus));
    sweep = folder.resolve("out");
  }

  private Process start(Map<String, String> environment, String... options) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of("sweep", folder.resolve("three.txt").toString(), "--folder=" + sweep));
    arguments.addAll(List.of(options));
    ProcessBuilder builder = TrainerProcess.of(arguments);
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static String finish(Process process, int exit) throws Exception {
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(output).isEqualTo(exit);
    return output;
  }

  private static boolean hasFonts() {
    try {
      return GraphicsEnvironment.getLocalGraphicsEnvironment().getAvailableFontFamilyNames().length
          > 0;
    } catch (RuntimeException | LinkageError e) {
      return false; // a library of fonts is missing
    }
  }

  private RunRecord record(String run) {
    return RunRecord.read(sweep.resolve(run).resolve("metrics.jsonl"));
  }

  @Test
  void trainsEveryRunAndWritesTableAndPictures() throws Exception {
    Assumptions.assumeTrue(hasFonts(), "Java finds no fonts; install fonts-dejavu-core");
    finish(start(Map.of(), "--parallel=2", "--", "--steps", "30"), 0);

    String table = Files.readString(sweep.resolve("results.md"));
    assertThat(table.lines()).hasSize(7);
    assertThat(table)
        .startsWith("All runs: `--corpus " + folder.resolve("corpus.txt"))
        .containsPattern("\\| \\**width\\.8\\** \\| `--hidden-size 8` \\| 30 \\|( [\\d.,]+ \\|){5}")
        .containsOnlyOnce("--layers 1");
    List<String> rows = table.lines().skip(4).toList();
    assertThat(rows.get(0)).startsWith("| **").contains("** |");
    assertThat(rows.subList(1, 3)).noneMatch(row -> row.contains("**"));
    assertThat(rows.stream().map(row -> row.split("\\|", -1)[5].strip()))
        .as("the lowest losses on the held-out text")
        .isSorted();
    assertThat(record("other").ended()).isTrue();
    assertThat(record("other").evaluations()).hasSize(3);
    assertThat(record("other").lowestLoss("held-out-windows-256"))
        .isLessThan(record("other").evaluations().get(0).losses().get("held-out-windows-256"));
    for (String group : List.of("width", "other")) {
      byte[] picture = Files.readAllBytes(sweep.resolve(group + ".png"));
      assertThat(picture).startsWith(0x89, 'P', 'N', 'G').hasSizeGreaterThan(10_000);
    }
    CheckpointStore store = new CheckpointStore(sweep.resolve("width.8").resolve("checkpoints"));
    assertThat(store.versions()).isNotEmpty();
    assertThat(store.current()).isEmpty();

    // All runs have ended, so nothing is trained again.
    long before = Files.getLastModifiedTime(sweep.resolve("other/metrics.jsonl")).toMillis();
    finish(start(Map.of()), 0);
    assertThat(Files.getLastModifiedTime(sweep.resolve("other/metrics.jsonl")).toMillis())
        .isEqualTo(before);
    assertThat(Files.readString(sweep.resolve("results.md"))).isEqualTo(table);
  }

  @Test
  void threeProcessesWithAnIndexEachTrainOneRunInOneFolder() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int index = 0; index < 3; index++) {
      processes.add(start(Map.of("JOB_COMPLETION_INDEX", String.valueOf(index))));
    }
    for (Process process : processes) {
      finish(process, 0);
    }

    assertThat(List.of("width.8", "width.16", "other"))
        .allSatisfy(run -> assertThat(record(run).ended()).as(run).isTrue());
    finish(start(Map.of(), "--table"), 0);
    assertThat(Files.readString(sweep.resolve("results.md")).lines()).hasSize(7);
    assertThat(finish(start(Map.of("JOB_COMPLETION_INDEX", "3")), 2))
        .contains("--index is 3; it must be 0 to 2");
  }

  @Test
  void failedRunDoesNotAffectTheOthers() throws Exception {
    Files.writeString(
        folder.resolve("three.txt"),
        Files.readString(folder.resolve("three.txt")) + "broken: --batch 0\n");
    String output = finish(start(Map.of(), "--parallel=4"), 1);

    assertThat(output).contains("broken failed after 0 steps; see ");
    assertThat(Files.readString(sweep.resolve("broken/log.txt"))).contains("--batch is 0");
    assertThat(Files.readString(sweep.resolve("results.md")))
        .containsPattern("\\| broken \\|.*\\| failed \\|");
    assertThat(record("other").ended()).isTrue();
  }

  @Test
  void theTableHasTheLossesOfDocuments() throws Exception {
    Path run = Files.createDirectories(sweep.resolve("width.8"));
    Files.writeString(
        run.resolve("metrics.jsonl"),
        "{\"event\": \"evaluation\", \"step\": 10, \"training_loss_nats\": 2.5, \"loss_nats\":"
            + " {\"held-out-documents\": 2.375, \"documents\": 2.25}}\n");

    finish(start(Map.of(), "--table"), 0);
    assertThat(Files.readString(sweep.resolve("results.md")))
        .contains("| 10 | 2.5000 | 2.3750 | 2.3750 | 2.2500 |");
    assertThat(sweep.resolve("width.png")).exists();
  }

  @Test
  void writesTheTableEvenIfAPictureCannotBeWritten() throws Exception {
    Path run = Files.createDirectories(sweep.resolve("width.8"));
    Files.writeString(
        run.resolve("metrics.jsonl"),
        "{\"event\": \"evaluation\", \"step\": 10, \"training_loss_nats\": 2.5, \"loss_nats\":"
            + " {\"windows-256\": 2.25}}\n");
    Files.createDirectories(sweep.resolve("width.png").resolve("in the way"));

    assertThat(finish(start(Map.of(), "--table"), 0))
        .contains("the picture of width cannot be written");
    assertThat(Files.readString(sweep.resolve("results.md"))).contains("| 10 | 2.5000 |", "2.2500");
  }

  @Test
  void stoppedSweepResumesItsRuns() throws Exception {
    Files.writeString(
        folder.resolve("three.txt"),
        Files.readString(folder.resolve("three.txt")).replace("--steps 40", "--steps 4000"));
    Process process = start(Map.of());
    Path state = sweep.resolve("width.8/state.safetensors");
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!Files.exists(state) || record("width.8").steps() < 10) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
    }
    process.toHandle().destroy();
    finish(process, 143);

    long stoppedAt = record("width.8").steps();
    assertThat(stoppedAt).isBetween(10L, 3999L);
    assertThat(record("width.16").steps()).isZero();
    assertThat(Files.readString(sweep.resolve("width.8/log.txt"))).contains("stopping after step");
    Files.writeString(
        folder.resolve("three.txt"),
        Files.readString(folder.resolve("three.txt")).replaceAll("(?m)^(width.16|other).*\n", ""));
    finish(start(Map.of()), 0);
    assertThat(Files.readString(sweep.resolve("width.8/log.txt")))
        .contains("resuming after step " + stoppedAt);
    assertThat(record("width.8").steps()).isEqualTo(4000);
  }
}
