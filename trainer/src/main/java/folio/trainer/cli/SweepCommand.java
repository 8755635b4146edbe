package folio.trainer.cli;

import folio.trainer.sweep.RunRecord;
import folio.trainer.sweep.Sweep;
import folio.trainer.sweep.SweepFile;
import folio.trainer.sweep.SweepResults;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code sweep}: trains every run of a file. */
@Command(
    name = "sweep",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false,
    description = {
      "Trains every run of a file, each in a process of its own, and writes a table and pictures of"
          + " the results. The same command again resumes stopped runs and skips finished ones.",
      "A line of the file is NAME: OPTIONS OF TRAIN. The options of a line all: OPTIONS apply to"
          + " every run. A sweep never moves CURRENT."
    },
    footer = {"", "Example: ./folio sweep runs.txt --parallel 2 -- --corpus my.txt"})
final class SweepCommand implements Callable<Integer> {
  private static final int MAX_PARALLEL = 256;

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "FILE", description = "The file that lists the runs.")
  private Path file;

  @Parameters(
      index = "1..*",
      paramLabel = "[-- OPTION...]",
      hideParamSyntax = true,
      showDefaultValue = CommandLine.Help.Visibility.NEVER,
      description = "Options of train for every run, which override those of the file.")
  private List<String> extraOptions = List.of();

  @Option(
      names = "--folder",
      paramLabel = "DIR",
      description =
          "The folder for the runs, results.md and the pictures (default: sweeps/NAME OF THE FILE).")
  private Path folder;

  @Option(
      names = "--parallel",
      paramLabel = "N",
      defaultValue = "1",
      description = "The number of simultaneous runs, 1 to 256.")
  private int parallel;

  @Option(
      names = "--gpus",
      paramLabel = "N",
      defaultValue = "1",
      description = "The number of GPUs to distribute simultaneous runs over, 0 to 256.")
  private int gpus;

  @Option(
      names = "--index",
      paramLabel = "N",
      defaultValue = "${env:JOB_COMPLETION_INDEX}",
      description =
          "Train only this run, counted from 0 (default: $JOB_COMPLETION_INDEX, which Kubernetes sets"
              + " in an Indexed Job; without it, all runs).")
  private String index;

  @Option(
      names = "--table",
      description = "Train nothing; write the table and pictures of the results so far.")
  private boolean table;

  @Override
  public Integer call() throws IOException {
    new Range("--parallel", 1, MAX_PARALLEL).check(parallel, spec);
    new Range("--gpus", 0, MAX_PARALLEL).check(gpus, spec);
    SweepFile runs = SweepFile.read(file);
    SweepFile.check(extraOptions, "");
    Path where = folder == null ? Path.of("sweeps", stem(file)) : folder;
    Sweep sweep = new Sweep(where, new Sweep.Trainer(trainerCommand(), extraOptions), gpus);
    Set<String> failed = new HashSet<>();
    PrintWriter out = spec.commandLine().getOut();
    List<SweepFile.Run> chosen = chosen(runs);
    if (!table) {
      Files.createDirectories(where);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(sweep), "stop-on-signal"));
      sweep.run(chosen, parallel, outcome -> print(out, sweep, outcome, failed));
    }
    if (index == null || table) {
      PrintWriter err = spec.commandLine().getErr();
      out.println(
          SweepResults.write(sweep, runs, failed, warning -> err.println("folio: " + warning)));
    }
    return failed.isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private static void stop(Sweep sweep) {
    try {
      sweep.stop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void print(
      PrintWriter out, Sweep sweep, Sweep.Outcome outcome, Set<String> failed) {
    RunRecord record = RunRecord.read(sweep.metrics(outcome.run()));
    if (outcome.exit() != 0) {
      failed.add(outcome.run().name());
      out.printf(
          "%s failed after %,d steps; see %s%n",
          outcome.run().name(), record.steps(), sweep.log(outcome.run()));
    } else {
      out.printf("%s: %,d steps%n", outcome.run().name(), record.steps());
    }
    out.flush();
  }

  private List<SweepFile.Run> chosen(SweepFile runs) {
    if (index == null || index.isEmpty()) {
      index = null;
      return runs.runs();
    }
    int last = runs.runs().size() - 1;
    if (!index.matches("\\d{1,9}") || Integer.parseInt(index) > last) {
      throw new ParameterException(
          spec.commandLine(), "--index is " + index + "; it must be 0 to " + last);
    }
    return List.of(runs.runs().get(Integer.parseInt(index)));
  }

  /**
   * Returns the command line of this process up to its arguments, with the same limits of memory.
   */
  private List<String> trainerCommand() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("-X"))
        .forEach(command::add);
    command.add("--enable-native-access=ALL-UNNAMED");
    // The main class is the root command's: naming it here would make the two classes a cycle.
    String mainClass = spec.root().userObject().getClass().getName();
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
    return command;
  }

  private static String stem(Path file) {
    return file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
  }
}
