package folio.trainer.cli;

import folio.trainer.report.RunReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code report}: writes the report of a run again. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description =
        "Writes the report.html of a run from its metrics.jsonl, also while the run is active.",
    footer = {"", "Example: ./folio report runs/quick-tinyshakespeare"})
final class ReportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DIR",
      description = "The folder of the run, such as runs/quick-tinyshakespeare.")
  private Path folder;

  @Override
  public Integer call() {
    Path metrics = folder.resolve("metrics.jsonl");
    if (!Files.isRegularFile(metrics)) {
      throw new ParameterException(
          spec.commandLine(), "there is no " + metrics + "; name the folder of a run");
    }
    Path report = folder.resolve("report.html");
    RunReport.write(metrics, report);
    spec.commandLine().getOut().println(report);
    return CommandLine.ExitCode.OK;
  }
}
