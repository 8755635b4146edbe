package folio.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./folio soak} on the packaged service. */
class SoakIT {
  @TempDir Path folder;

  @Test
  void findsNothingUnexpectedInAFewSeconds() throws Exception {
    Launcher run = Launcher.run(folder, "soak", "--minutes=0.1", "--swap-seconds=1.5");

    assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
    assertThat(run.out())
        .contains("nothing unexpected")
        .containsPattern("\\| 200 length, text/event-stream \\| [1-9]")
        .containsPattern("\\| 400 bad request \\| [1-9]")
        .containsPattern("\\| left midway \\| [1-9]")
        .containsPattern(" ([2-9]|\\d\\d) versions served");
  }
}
