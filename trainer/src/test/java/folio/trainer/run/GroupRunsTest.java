package folio.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.model.checkpoint.CheckpointStore;
import folio.trainer.cli.TrainerProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups of real processes on a CPU, which exchange gradients through sockets. */
@Tag("slow")
class GroupRunsTest {
  @TempDir Path folder;
  private Path corpus;

  String device() {
    return "cpu";
  }

  /** Returns the number of processes that continue a run which two have begun. */
  int others() {
    return 4;
  }

  @BeforeEach
  void writeCorpus() throws IOException {
    corpus = folder.resolve("corpus.txt");
    Files.writeString(corpus, ArithmeticText.LINES);
  }

  /** Returns the options of a run with streams, resets, every dropout, an average and clipping. */
  private List<String> options(String name, String... more) {
    List<String> options =
        new ArrayList<>(
            List.of(
                "train",
                "--corpus=" + corpus,
                "--checkpoints=" + folder.resolve(name + "-checkpoints"),
                "--run=" + folder.resolve(name),
                "--preset=quality",
                "--hidden-size=24",
                "--embedding-size=12",
                "--batch=8",
                "--length=16",
                "--steps=120",
                "--warmup-steps=20",
                "--evaluate-every=20",
                "--precision=float32",
                "--device=" + device(),
                "--threads=1"));
    options.addAll(List.of(more));
    return options;
  }

  private static String finish(Process process) throws Exception {
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  /** Returns the validation losses of a run by step. */
  private Map<Long, Double> losses(String name) throws IOException {
    Map<Long, Double> losses = new TreeMap<>();
    for (String line : Files.readAllLines(folder.resolve(name).resolve("metrics.jsonl"))) {
      JsonNode event = new JsonMapper().readTree(line);
      if (event.path("event").asText().equals("evaluation")) {
        losses.put(
            event.get("step").asLong(), event.get("loss_nats").get("windows-256").asDouble());
      }
    }
    return losses;
  }

  private void assertSameLosses(String name, String as) throws IOException {
    Map<Long, Double> expected = losses(as);
    Map<Long, Double> actual = losses(name);
    assertThat(actual.keySet()).isEqualTo(expected.keySet()).hasSize(6);
    actual.forEach(
        (step, loss) -> assertThat(loss).isCloseTo(expected.get(step), within(1e-3 * loss)));
  }

  @Test
  void trainAsOneProcessAndPublishOnce() throws Exception {
    finish(TrainerProcess.of(options("alone")).start());
    String output = finish(TrainerProcess.of(options("two", "--gpus=2")).start());

    assertThat(output.contains("gradients pass through sockets, which is for tests"))
        .isEqualTo(device().equals("cpu"));
    assertSameLosses("two", "alone");
    assertThat(new CheckpointStore(folder.resolve("two-checkpoints")).versions())
        .hasSameSizeAs(new CheckpointStore(folder.resolve("alone-checkpoints")).versions());
  }

  /** The processes of a launcher, as PyTorch's or a Kubernetes Job starts them. */
  private List<Process> launch(int size, List<String> options) throws IOException {
    return launch(size, options, List.of());
  }

  /**
   * Starts processes.
   *
   * @param ofOthers further options of the processes other than rank 0
   */
  private List<Process> launch(int size, List<String> options, List<String> ofOthers)
      throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    List<Process> processes = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      List<String> own = new ArrayList<>(options);
      own.addAll(rank == 0 ? List.of() : ofOthers);
      ProcessBuilder builder = TrainerProcess.of(own).redirectErrorStream(true);
      builder
          .environment()
          .putAll(
              Map.of(
                  "RANK", "" + rank,
                  "WORLD_SIZE", "" + size,
                  "LOCAL_RANK", "" + rank,
                  "MASTER_ADDR", "127.0.0.1",
                  "MASTER_PORT", "" + port));
      processes.add(builder.start());
    }
    return processes;
  }

  @Test
  void endWithinTenSecondsOfALossAndResumeWithAnotherNumber() throws Exception {
    finish(TrainerProcess.of(options("alone")).start());
    List<Process> processes = launch(2, options("lost", "--save-every=10"));
    BufferedReader leader = processes.get(0).inputReader(StandardCharsets.UTF_8);
    List<String> lines = new ArrayList<>();
    String line;
    while ((line = leader.readLine()) != null) {
      lines.add(line);
      if (line.startsWith("step 40")) {
        processes.get(1).destroyForcibly();
        long killed = System.nanoTime();
        assertThat(processes.get(0).waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(System.nanoTime() - killed).isLessThan(TimeUnit.SECONDS.toNanos(10));
      }
    }
    assertThat(lines.get(lines.size() - 1))
        .isEqualTo("folio: rank 1 is lost: it closed its connection; its own output may say why");
    assertThat(processes.get(0).exitValue()).isEqualTo(1);

    for (Process process : launch(others(), options("lost", "--resume"))) {
      finish(process);
    }
    assertSameLosses("lost", "alone");
  }

  @Test
  void stopTogetherWhenOneIsAskedTo() throws Exception {
    List<Process> processes = launch(2, options("stopped", "--steps=100000", "--resume-if-saved"));
    BufferedReader leader = processes.get(0).inputReader(StandardCharsets.UTF_8);
    String line;
    while ((line = leader.readLine()) != null) {
      if (line.startsWith("step 20")) {
        processes.get(1).toHandle().destroy();
      }
    }
    for (Process process : processes) {
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue())
          .as("the code by which a scheduler sees that the run is not complete")
          .isEqualTo(143);
    }
  }

  @Test
  void areMeasuredByTheBenchmark() throws Exception {
    List<String> command =
        List.of(
            "train-benchmark",
            "--corpus=" + corpus,
            "--gpus=2",
            "--sizes=1x16@4x8",
            "--rounds=1",
            "--seconds=0",
            "--device=" + device(),
            "--threads=1");
    String output = finish(TrainerProcess.of(command).start());

    assertThat(output.lines().filter(line -> line.startsWith("|")))
        .hasSize(3)
        .last()
        .asString()
        .matches("\\| 1 × 16 \\| 4 × 8 \\|( [\\d.,]+ \\|){4} [\\d.]+ \\([\\d.]+–[\\d.]+\\) \\|");
  }

  @Test
  void resumeARunWhosePatienceHasEnded() throws Exception {
    List<String> options =
        options(
            "impatient",
            "--gpus=2",
            "--patience=1",
            "--learning-rate=0.5",
            "--evaluate-every=5",
            "--resume-if-saved");
    String first = finish(TrainerProcess.of(options).start());
    assertThat(first).doesNotContain("done at step 120");

    assertThat(finish(TrainerProcess.of(options).start())).contains("done at step ");
  }

  @Test
  void takeTheOptionsOfRankZero() throws Exception {
    finish(TrainerProcess.of(options("alone")).start());
    List<Process> processes = launch(2, options("two"), List.of("--batch=2", "--steps=7"));
    for (Process process : processes) {
      finish(process);
    }
    assertSameLosses("two", "alone");
  }

  @Test
  void rejectABatchThatCannotBeDivided() throws Exception {
    Process process =
        TrainerProcess.of(options("odd", "--batch=9", "--gpus=2"))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).isNotZero();
    assertThat(output).contains("--batch is 9; with 2 processes it must be a multiple of 2");
  }
}
