package folio.benchmark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A finished run of {@code ./folio} with the packaged service.
 *
 * @param out its standard output
 * @param err its standard error: progress and errors
 */
record Launcher(int exitCode, String out, String err) {
  private static final long LIMIT_MINUTES = 3;

  /** Returns the command {@code ./folio} with arguments, ready to start. */
  static ProcessBuilder command(String... arguments) {
    List<String> command = new ArrayList<>(List.of(Path.of("..", "..", "folio").toString()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }

  /** Runs {@code ./folio} with arguments and waits for its end. */
  static Launcher run(Path folder, String... arguments) throws IOException, InterruptedException {
    return run(folder, command(arguments));
  }

  /** Runs a command of {@link #command} and waits for its end. */
  static Launcher run(Path folder, ProcessBuilder command)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile(folder, "out", ".txt");
    Path err = Files.createTempFile(folder, "err", ".txt");
    Process process = command.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      assertThat(process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Launcher(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }
}
