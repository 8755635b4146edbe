package folio.benchmark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./folio soak} with the packaged service. */
class SoakIT {
  @TempDir Path folder;

  @Test
  void endsWithoutUnexpectedOutcomes() throws Exception {
    Launcher run = Launcher.run(folder, "soak", "--minutes=0.1", "--swap-seconds=1.5");

    assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
    assertThat(run.out())
        .contains("nothing unexpected")
        .containsPattern("\\| 200 length, text/event-stream \\| [1-9]")
        .containsPattern("\\| 400 bad request \\| [1-9]")
        .containsPattern("\\| disconnected midway \\| [1-9]")
        .containsPattern(" ([2-9]|\\d\\d) versions served");
  }

  @Test
  void servesAnHonestClientBesideEveryAttack() throws Exception {
    // In a shorter run, each attack lasts for one attempt of the honest client, which may get 429.
    Launcher run = Launcher.run(folder, "soak", "--hostile", "--minutes=0.1");

    assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
    assertThat(run.out())
        .contains("0 restarts, every honest stream whole")
        .containsPattern("\\| unknown methods, pipelined \\| [1-9]")
        .containsPattern("\\| all at once \\| [1-9]");
  }
}
