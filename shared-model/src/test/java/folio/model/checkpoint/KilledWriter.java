package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.storage.PublishStep;
import folio.model.testing.TestCheckpoints;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A real process that publishes, reports a step, blocks there and is killed with SIGKILL. */
final class KilledWriter {
  private KilledWriter() {}

  /** Publishes and promotes in the child process; blocks at the step of the second argument. */
  public static void main(String[] args) {
    PublishStep last = PublishStep.valueOf(args[1]);
    TestCheckpoints.publishCurrent(
        CheckpointStore.at(args[0], System.getenv()),
        2,
        step -> {
          if (step == last) {
            System.out.println("reached " + step);
            System.out.flush();
            block();
          }
        });
  }

  private static void block() {
    try {
      int nothing = System.in.read(); // the parent process never writes to it
      throw new IllegalStateException("read " + nothing);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void killAt(PublishStep step, String address, Map<String, String> environment)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xshare:auto",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    KilledWriter.class.getName(),
                    address,
                    step.name()))
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    Process process = builder.start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      assertThat(out.readLine()).isEqualTo("reached " + step);
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).isEqualTo(128 + 9);
  }
}
