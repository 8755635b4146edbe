package folio.trainer.cli;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import folio.trainer.cli.LauncherClone.Finished;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/** A launcher that runs. A test reads its output meanwhile, and types or sends it a signal. */
final class RunningLauncher {
  private final Process process;
  private final StringBuilder output = new StringBuilder();

  /**
   * Ends the process after a minute, so that a test fails instead of waiting for a text.
   *
   * @param process a process whose standard output has its errors too
   */
  RunningLauncher(Process process) {
    this.process = process;
    CompletableFuture.delayedExecutor(1, MINUTES).execute(process::destroyForcibly);
  }

  /** Waits until the process has printed a text of ASCII characters. */
  void await(String text) throws IOException {
    while (output.indexOf(text) < 0) {
      int next = process.getInputStream().read();
      assertThat(next).as("no %s in: %s", text, output).isNotNegative();
      output.append((char) next);
    }
  }

  /** Sends the keys to the process's terminal. */
  void type(String keys) throws IOException {
    process.getOutputStream().write(keys.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  /** Sends SIGTERM. */
  void terminate() {
    process.toHandle().destroy();
  }

  /** Closes the output, sends SIGTERM and waits for the end of the process. */
  void terminateWithoutReader() throws InterruptedException {
    process.destroy();
    process.waitFor();
  }

  /** Waits for the end of the process and returns its whole output as {@code out}. */
  Finished finish() throws Exception {
    output.append(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    return new Finished(process.waitFor(), output.toString(), "");
  }
}
