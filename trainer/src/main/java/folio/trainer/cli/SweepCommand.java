package folio.trainer.cli;

import folio.model.storage.DurableFiles;
import folio.trainer.sweep.Curves;
import folio.trainer.sweep.RunRecord;
import folio.trainer.sweep.Sweep;
import folio.trainer.sweep.SweepException;
import folio.trainer.sweep.SweepFile;
import folio.trainer.sweep.SweepTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sweep}. */
@Command(
    name = "sweep",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false,
    description = {
      "Trains every run of a file, each in a process of its own, and writes a table and pictures of"
          + " what they gave. Runs that have ended are not run again, those that stopped go on.",
      "A line of the file is NAME: OPTIONS OF TRAIN; the options of a line all: go for every run."
          + " No CURRENT is ever moved."
    })
final class SweepCommand implements Callable<Integer> {
  private static final int MAX_PARALLEL = 256;

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "FILE", description = "The runs.")
  private Path file;

  @Parameters(
      index = "1..*",
      paramLabel = "OPTION",
      description = "Behind --: options of train for every run, which count more than the file's.")
  private List<String> more = List.of();

  @Option(
      names = "--folder",
      paramLabel = "DIR",
      description = "Of the sweep: runs, results.md, pictures (default: sweeps/NAME OF THE FILE).")
  private Path folder;

  @Option(names = "--parallel", defaultValue = "1", description = "Runs at a time.")
  private int parallel;

  @Option(
      names = "--gpus",
      defaultValue = "1",
      description = "GPUs that runs which go on at the same time are dealt out among.")
  private int gpus;

  @Option(
      names = "--index",
      defaultValue = "${env:JOB_COMPLETION_INDEX}",
      description =
          "Train this run alone, the first is 0 (default: $JOB_COMPLETION_INDEX, which Kubernetes"
              + " sets in an Indexed Job, else all).")
  private String index;

  @Option(names = "--table", description = "Train nothing; write the table of what there is.")
  private boolean table;

  @Override
  public Integer call() throws IOException {
    check("--parallel", parallel, 1, MAX_PARALLEL);
    check("--gpus", gpus, 0, MAX_PARALLEL);
    SweepFile runs = SweepFile.read(file);
    SweepFile.check(more, "");
    Path where = folder == null ? Path.of("sweeps", stem(file)) : folder;
    Sweep sweep = new Sweep(where, new Sweep.Trainer(trainer(), more), gpus);
    Set<String> failed = new HashSet<>();
    PrintWriter out = spec.commandLine().getOut();
    List<SweepFile.Run> chosen = chosen(runs);
    if (!table) {
      Files.createDirectories(where);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(sweep), "stop-on-signal"));
      sweep.run(chosen, parallel, outcome -> tell(out, sweep, outcome, failed));
    }
    if (index == null || table) {
      out.println(write(sweep, runs, failed));
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

  private static void tell(
      PrintWriter out, Sweep sweep, Sweep.Outcome outcome, Set<String> failed) {
    RunRecord record = RunRecord.read(sweep.metrics(outcome.run()));
    if (outcome.exit() != 0) {
      failed.add(outcome.run().name());
      out.printf(
          "%s failed after %,d steps, see %s%n",
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
          spec.commandLine(), "--index is " + index + "; legal are 0 to " + last);
    }
    return List.of(runs.runs().get(Integer.parseInt(index)));
  }

  /** The command line of this process, up to its arguments: what its memory may be, too. */
  private static List<String> trainer() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("-X"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Trainer.class.getName()));
    return command;
  }

  private static String stem(Path file) {
    return file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
  }

  /** Writes results.md and a picture a group; returns the table. */
  private String write(Sweep sweep, SweepFile runs, Set<String> failed) throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    List<SweepTable.Row> rows = new ArrayList<>();
    Map<String, Map<String, RunRecord>> groups = new TreeMap<>();
    for (SweepFile.Run run : runs.runs()) {
      RunRecord record = RunRecord.read(sweep.metrics(run));
      rows.add(new SweepTable.Row(run, record, failed.contains(run.name())));
      groups.computeIfAbsent(run.group(), group -> new TreeMap<>()).put(run.name(), record);
    }
    String rendered = SweepTable.render(rows);
    if (!Files.isDirectory(sweep.folder())) {
      throw new SweepException("there is no folder " + sweep.folder() + "; see --folder", null);
    }
    DurableFiles.replace(
        sweep.folder().resolve("results.md"), rendered.getBytes(StandardCharsets.UTF_8));
    for (Map.Entry<String, Map<String, RunRecord>> group : groups.entrySet()) {
      try {
        Curves.write(sweep.folder(), group.getKey(), group.getValue());
      } catch (SweepException e) {
        err.println("folio: " + e.getMessage()); // the table is there all the same
      }
    }
    return rendered;
  }

  private void check(String option, int value, int lowest, int highest) {
    if (value < lowest || value > highest) {
      throw new ParameterException(
          spec.commandLine(), option + " is " + value + "; legal are " + lowest + " to " + highest);
    }
  }
}
