package folio.trainer.cli;

import ai.djl.Device;
import ai.djl.engine.Engine;
import folio.trainer.benchmark.GroupTable;
import folio.trainer.benchmark.PyTorchBaseline;
import folio.trainer.benchmark.StepTables;
import folio.trainer.benchmark.StepTimer;
import folio.trainer.benchmark.StepTimer.Size;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.TextStructure;
import folio.trainer.group.GradientExchange;
import folio.trainer.group.GradientExchanges;
import folio.trainer.group.Membership;
import folio.trainer.group.ProcessGroup;
import folio.trainer.training.Precision;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code train-benchmark}: measures training steps against a PyTorch baseline. */
@Command(
    name = "train-benchmark",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false,
    description = {
      "Measures the time of a training step against the same loop in PyTorch, in alternation, and"
          + " prints tables in Markdown. PyTorch runs eagerly and, on a GPU, as a captured CUDA"
          + " graph, in float32 and in 16 bits.",
      "Both sides take bare steps: random substrings and Adam, without dropout, clipping or weight"
          + " average. A second table shows the cost of each of these."
    },
    footer = {"", "Example: ./folio train-benchmark --sizes 3x512@16x40 --rounds 5"})
final class TrainBenchmarkCommand implements Callable<Integer> {
  private static final int MAX_ROUNDS = 100;
  private static final int MAX_SECONDS = 3600;

  private static final List<String> SIZES_ON_CPU =
      List.of("3x512@16x40", "8x512@16x40", "3x128@16x40");

  private static final List<String> SIZES_ON_GPU =
      List.of(
          "3x512@16x40",
          "8x512@16x40",
          "3x128@16x40",
          "3x512@64x256",
          "8x512@64x256",
          "3x128@64x256",
          "3x512@256x256",
          "8x512@256x256",
          "3x128@256x256");

  private static final List<String> SIZES_OF_GROUPS = List.of("3x1024@256x256", "8x512@256x256");

  @Spec private CommandSpec spec;

  @Option(
      names = "--sizes",
      paramLabel = "SIZE",
      split = ",",
      description =
          "The residual networks and batches, as LAYERSxHIDDEN@ROWSxCHARACTERS (default: 3x512, 8x512"
              + " and 3x128 at 16x40; on a GPU also at 64x256 and 256x256).")
  private List<String> sizes;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "The number of rounds, 1 to 100; each measures both sides.")
  private int rounds;

  @Option(
      names = "--seconds",
      paramLabel = "SECONDS",
      defaultValue = "3",
      description =
          "The duration of a measurement, 0 to 3600 s. Steps are measured in blocks of 20, the first"
              + " of which does not count; a measurement has at least two blocks.")
  private double seconds;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      split = ",",
      description =
          "The precisions of Folio's steps: float32, float16, bfloat16 or auto, separated by commas"
              + " (default: float32, and what auto means on the device).")
  private List<Precision> precisions;

  @Option(
      names = "--python",
      paramLabel = "PROGRAM",
      defaultValue = "${env:FOLIO_PYTHON:-python3}",
      description =
          "The Python interpreter, with the packages in"
              + " inference-service/benchmark/baselines/requirements.txt; FOLIO_PYTHON"
              + " sets the default.")
  private String python;

  @Option(names = "--no-baseline", description = "Do not measure PyTorch.")
  private boolean noBaseline;

  @Option(names = "--no-peer", hidden = true, description = "The old name of --no-baseline.")
  private boolean noPeer;

  @Option(names = "--bare", description = "Omit the second table.")
  private boolean bare;

  @Option(
      names = "--gpus",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "The number of GPUs, 1 to 64. With more than one, the command measures Folio's steps on"
              + " all of them against those on one, and the rows of --sizes are those of each GPU"
              + " (default sizes: 3x1024 and 8x512 at 256x256).")
  private int gpus;

  @Mixin private CorpusOptions corpus;
  @Mixin private DeviceOptions device;

  @Override
  public Integer call() throws IOException {
    new Range("--rounds", 1, MAX_ROUNDS).check(rounds, spec);
    new Range("--seconds", 0, MAX_SECONDS).check(seconds, spec);
    new Range("--gpus", 1, GpuProcesses.MAX).check(gpus, spec);
    Membership membership = Membership.of(System.getenv());
    if (gpus > 1 && !membership.isGroup()) {
      return GpuProcesses.run(spec, gpus);
    }
    if (membership.isGroup()) {
      return measureGroup(membership);
    }
    Device where = device.start();
    List<Size> measured = sizes(where.isGpu() ? SIZES_ON_GPU : SIZES_ON_CPU);
    Corpus text = corpus.open(TextStructure.DEFAULT);
    List<StepTimer> timers =
        precisions(where).stream().map(each -> timer(text, where, each)).toList();
    Optional<PyTorchBaseline> baseline = baseline(where);
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "PyTorch %s through DJL %s on %s, %d threads on a CPU%n",
        Engine.getInstance().getVersion(), Engine.getDjlVersion(), where, device.threadCount());
    StepTables tables = new StepTables(out, timers, rounds);
    if (baseline.isEmpty()) {
      tables.print(measured, List.of());
    } else {
      out.println("baseline: " + baseline.get().versions());
      Path file = Files.createTempFile("folio", ".txt");
      try {
        text.write(file);
        tables.print(measured, baseline.get().forms(file));
      } finally {
        Files.delete(file);
      }
    }
    if (!bare) {
      tables.printCosts(measured);
    }
    return CommandLine.ExitCode.OK;
  }

  private StepTimer timer(Corpus text, Device where, Precision precision) {
    return new StepTimer(text, where, precision, Duration.ofMillis((long) (seconds * 1000)));
  }

  /** Measures the steps of a group, in the last of the precisions. */
  private int measureGroup(Membership membership) {
    Device where = device.start(membership.localRank());
    List<Size> measured = sizes(SIZES_OF_GROUPS);
    List<Precision> chosen = precisions(where);
    Corpus text = corpus.open(TextStructure.DEFAULT);
    try (ProcessGroup group = GpuProcesses.form(membership, spec)) {
      GradientExchange exchange = GradientExchanges.between(group, where);
      StepTimer timer = timer(text, where, chosen.get(chosen.size() - 1));
      new GroupTable(spec.commandLine().getOut(), timer, rounds, group, exchange).print(measured);
      group.leave();
      exchange.close();
    }
    return CommandLine.ExitCode.OK;
  }

  private List<Size> sizes(List<String> defaults) {
    List<String> names = sizes != null ? sizes : defaults;
    try {
      return names.stream().map(Size::parse).toList();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--sizes: " + e.getMessage(), e);
    }
  }

  /** Returns the precisions to measure; the default is every one that auto may choose. */
  private List<Precision> precisions(Device where) {
    Set<Precision> chosen = new LinkedHashSet<>();
    try {
      if (precisions == null) {
        chosen.add(Precision.FLOAT32);
        chosen.add(Precision.AUTO.on(where));
      } else {
        precisions.forEach(each -> chosen.add(each.on(where)));
      }
      return List.copyOf(chosen);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), e.getMessage().replace("the precision", "--precision"), e);
    }
  }

  private Optional<PyTorchBaseline> baseline(Device where) {
    if (noBaseline || noPeer) {
      return Optional.empty();
    }
    PyTorchBaseline baseline = new PyTorchBaseline(python, where);
    Optional<String> problem = baseline.problem();
    problem.ifPresent(
        why -> spec.commandLine().getErr().println("folio: PyTorch is not measured: " + why));
    return problem.isPresent() ? Optional.empty() : Optional.of(baseline);
  }
}
