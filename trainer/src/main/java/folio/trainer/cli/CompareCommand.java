package folio.trainer.cli;

import folio.model.run.RunEvents;
import folio.trainer.report.RunComparison;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code compare}: shows several runs next to each other. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description =
        "Prints a table of several runs with the settings in which they differ, the lowest loss"
            + " first, and writes a page with their curves in one chart.",
    footer = {"", "Example: ./folio compare runs/quick-my runs/quality-my"})
final class CompareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "2..*",
      paramLabel = "RUN",
      description = "The folders of two runs or more, such as runs/quick-tinyshakespeare.")
  private List<Path> folders;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      defaultValue = "compare.html",
      description = "The page to write.")
  private Path page;

  @Override
  public Integer call() {
    Map<String, RunComparison.Run> runs = new LinkedHashMap<>();
    for (Path folder : folders) {
      Path metrics = folder.resolve("metrics.jsonl");
      if (!Files.isRegularFile(metrics)) {
        throw new ParameterException(
            spec.commandLine(), "there is no " + metrics + "; name the folders of runs");
      }
      String name = name(folder, runs.keySet().contains(last(folder)));
      runs.put(name, new RunComparison.Run(name, RunEvents.read(metrics)));
    }
    RunComparison comparison = new RunComparison(List.copyOf(runs.values()));
    TextTable table = new TextTable();
    comparison.table().forEach(table::add);
    PrintWriter out = spec.commandLine().getOut();
    table.lines().forEach(out::println);
    comparison.write(page);
    out.println(page);
    return CommandLine.ExitCode.OK;
  }

  private static String last(Path folder) {
    return folder.toAbsolutePath().normalize().getFileName().toString();
  }

  /** Returns the last part of a folder's path, or the whole path if another run has that name. */
  private static String name(Path folder, boolean taken) {
    return taken ? folder.toString() : last(folder);
  }
}
