package folio.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.testing.TestCheckpoints;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real process publishes, announces a step, blocks there and is killed with SIGKILL. */
class KilledWriterTest {
  @TempDir Path root;

  /** The process: publishes and promotes, blocking for ever at the step that it is told. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] args) {
      PublishStep last = PublishStep.valueOf(args[1]);
      CheckpointStore store = new CheckpointStore(Path.of(args[0]));
      TestCheckpoints.publishCurrent(
          store,
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
        int nothing = System.in.read(); // nobody writes to it
        throw new IllegalStateException("read " + nothing);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(PublishStep.class)
  void leavesAStateThatCanBeReadAndWritten(PublishStep step) throws Exception {
    CheckpointStore store = new CheckpointStore(root);
    String before = TestCheckpoints.publishCurrent(store, 1);

    killAt(step);

    String current = store.current().orElseThrow();
    boolean moved = step.compareTo(PublishStep.CURRENT_RENAMED) >= 0;
    assertThat(current.equals(before)).isEqualTo(!moved);
    boolean visible = step.compareTo(PublishStep.VERSION_RENAMED) >= 0;
    assertThat(store.versions()).hasSize(visible ? 2 : 1);
    for (String version : store.versions()) {
      assertThat(store.open(version).version()).isEqualTo(version);
    }

    String after = TestCheckpoints.publishCurrent(store, 3);
    assertThat(store.current()).contains(after);
    assertThat(root.toFile().list((dir, name) -> name.startsWith(".tmp-"))).isEmpty();
  }

  private void killAt(PublishStep step) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xshare:auto",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Writer.class.getName(),
                    root.toString(),
                    step.name()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
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
