package folio.trainer.cli;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import folio.model.testing.LauncherHelp;
import folio.model.testing.Page;
import folio.model.testing.PageTable;
import folio.model.testing.Pages;
import folio.model.testing.ShellCommand;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/** The commands and options of the trainer that the pages show. */
class DocumentedCommandsTest {
  private static Set<String> trainerCommands() {
    return Trainer.commandLine().getSubcommands().keySet();
  }

  /** The commands of the launcher, and those that a page shows as a container's arguments. */
  static Stream<ShellCommand> commandLines() {
    Set<String> known = trainerCommands();
    Stream<ShellCommand> bare =
        ShellCommand.onAllPages().stream()
            .filter(command -> command.words().size() > 1)
            .filter(command -> !isExportOfTheShell(command.words()))
            .map(command -> new ShellCommand(command.page(), launched(command.words())));
    return Stream.concat(ShellCommand.ofTheLauncher().stream(), bare)
        .filter(command -> known.contains(command.words().get(1)));
  }

  private static boolean isExportOfTheShell(List<String> words) {
    return words.get(0).equals("export") && words.get(1).matches("\\w+=.*");
  }

  private static List<String> launched(List<String> words) {
    return Stream.concat(Stream.of("./folio"), words.stream()).toList();
  }

  /** The commands in the tables whose first line has a column of options of {@code train}. */
  static Stream<ShellCommand> runs() {
    return Pages.all().stream()
        .flatMap(page -> page.whole().tables().stream().flatMap(table -> runs(page, table)));
  }

  private static Stream<ShellCommand> runs(Page page, PageTable table) {
    if (!table.headings().contains("./folio train")) {
      return Stream.of();
    }
    return table.column("./folio train").stream()
        .flatMap(cell -> cell.code().stream())
        .filter(options -> options.contains("--"))
        .map(options -> "./folio train " + options.replace("…", ""))
        .map(line -> new ShellCommand(page, ShellCommand.split(line).get(0)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"commandLines", "runs"})
  void isParsed(ShellCommand command) {
    CommandLine trainer = Trainer.commandLine(command.arguments());
    ParseResult parsed = trainer.parseArgs(command.arguments());
    assertThat(parsed.subcommand()).isNotNull();
    if (parsed.subcommand().hasMatchedOption("--preset")) {
      String preset = parsed.subcommand().matchedOptionValue("--preset", "");
      assertThat(Presets.NAMES).contains(preset);
    }
  }

  @Test
  void everyCommandOfAPageIsKnown() throws IOException {
    Set<String> known = new HashSet<>(trainerCommands());
    known.addAll(LauncherHelp.commands());
    known.add("help");
    known.add("COMMAND"); // stands for any of them
    known.add("--version");

    assertThat(ShellCommand.ofTheLauncher())
        .isNotEmpty()
        .allMatch(command -> known.contains(command.words().get(1)));
  }

  @Test
  void everyOptionOnAPageOfTheTrainerIsAnOptionOfSomeCommand() {
    Set<String> options =
        allCommands(Trainer.commandLine())
            .flatMap(command -> command.getCommandSpec().options().stream())
            .flatMap(option -> Arrays.stream(option.names()))
            .collect(toSet());
    List<String> documented = Pages.options("trainer", "shared-model");

    assertThat(documented).isNotEmpty();
    assertThat(options).containsAll(documented);
  }

  private static Stream<CommandLine> allCommands(CommandLine command) {
    return Stream.concat(
        Stream.of(command),
        command.getSubcommands().values().stream().flatMap(DocumentedCommandsTest::allCommands));
  }
}
