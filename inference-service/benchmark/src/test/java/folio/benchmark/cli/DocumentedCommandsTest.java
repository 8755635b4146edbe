package folio.benchmark.cli;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import folio.model.testing.Pages;
import folio.model.testing.ShellCommand;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The commands and options of the benchmark that the pages show. */
class DocumentedCommandsTest {
  static Stream<ShellCommand> commandLines() {
    Set<String> known = Benchmark.commandLine().getSubcommands().keySet();
    return ShellCommand.ofTheLauncher().stream()
        .filter(command -> known.contains(command.words().get(1)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("commandLines")
  void isParsed(ShellCommand command) {
    CommandLine.ParseResult parsed = Benchmark.commandLine().parseArgs(command.arguments());
    assertThat(parsed.subcommand()).isNotNull();
  }

  @Test
  void everyOptionOnAPageOfTheServiceIsAnOptionOfSomeCommand() {
    Set<String> options =
        Benchmark.commandLine().getSubcommands().values().stream()
            .flatMap(command -> command.getCommandSpec().options().stream())
            .flatMap(option -> Arrays.stream(option.names()))
            .collect(toSet());
    List<String> documented = Pages.options("inference-service");

    assertThat(documented).isNotEmpty();
    assertThat(options).containsAll(documented);
  }
}
