package folio.benchmark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import folio.model.testing.LauncherHelp;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The help of the benchmark's commands. */
class BenchmarkHelpTest {
  private static List<String> commands() {
    return Benchmark.commandLine().getSubcommands().entrySet().stream()
        .filter(each -> !each.getValue().getCommandSpec().usageMessage().hidden())
        .map(Map.Entry::getKey)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("commands")
  void printsHelp(String command) {
    StringWriter out = new StringWriter();
    CommandLine commands = Benchmark.commandLine().setOut(new PrintWriter(out, true));

    assertThat(commands.execute(command, "--help")).isZero();
    assertThat(out.toString()).contains("Usage: ./folio " + command);
  }

  @Test
  void isListedByTheLauncher() throws Exception {
    assertThat(commands()).contains("benchmark", "soak");
    assertThat(LauncherHelp.commands()).containsAll(commands());
  }

  @Test
  void saysWhichHelpDescribesAWrongOption() {
    StringWriter err = new StringWriter();
    CommandLine commands = Benchmark.commandLine().setErr(new PrintWriter(err, true));

    assertThat(commands.execute("soak", "--nonsense")).isEqualTo(2);
    assertThat(err.toString()).contains("--nonsense").contains("Try './folio soak --help'.");
  }
}
