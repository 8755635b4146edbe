package folio.trainer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.testing.EarlierReleases;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Records runs that a release began, and the options of its commands, for {@link
 * CompatibilityTest}. CONTRIBUTING has the command.
 */
class RunRecorder {
  /** Options that keep a run small, and its figures independent of the machine's cores. */
  private static final List<String> SMALL =
      List.of(
          "--hidden-size=8",
          "--batch=4",
          "--length=16",
          "--steps=300",
          "--evaluate-every=100",
          "--promote=always",
          "--device=cpu",
          "--threads=2");

  @TempDir Path scratch;

  @Test
  void recordsStoppedRunsAndTheirEnd() throws Exception {
    Path folder = EarlierReleases.emptyFolder("run");
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 250; i++) {
      text.append(i).append(" times 7 is ").append(7 * i).append('\n');
    }
    Files.writeString(folder.resolve(RecordedRuns.CORPUS), text);
    // The run state of streams has carried hidden states; that of random sequences does not.
    record(
        folder.resolve("streams"),
        List.of("--preset=quality", "--embedding-size=6", "--layers=2", "--warmup-steps=20"));
    record(folder.resolve("random"), List.of("--preset=post-gru", "--holdout=0.1"));
    Files.write(folder.resolve(RecordedRuns.OPTIONS), RecordedRuns.options());
  }

  private void record(Path folder, List<String> preset) throws Exception {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve(RecordedRuns.ARGUMENTS),
        String.join("\n", preset) + "\n" + String.join("\n", SMALL) + "\n");
    Path run = Files.createDirectories(scratch.resolve(folder.getFileName())).resolve("run");
    Process process = RecordedRuns.train(folder, run).start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    String line = out.readLine();
    while (line != null && !line.startsWith("step 100, ")) {
      line = out.readLine();
    }
    process.toHandle().destroy(); // a signal, after which the run saves its state
    out.lines().forEach(each -> {});
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    keep(run, folder.resolve(RecordedRuns.STOPPED), "state.safetensors", "metrics.jsonl");

    Process resumed = RecordedRuns.train(folder, run).start();
    String output = new String(resumed.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(resumed.waitFor()).as(output).isZero();
    assertThat(output).contains("resuming after step ");
    keep(run, folder.resolve(RecordedRuns.FINISHED), "metrics.jsonl");
  }

  private static void keep(Path run, Path folder, String... names) throws IOException {
    Files.createDirectories(folder);
    for (String name : names) {
      Files.copy(run.resolve(name), folder.resolve(name));
    }
  }
}
