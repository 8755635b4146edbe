package folio.benchmark.cli;

import folio.benchmark.process.BenchmarkException;
import folio.benchmark.process.ShutdownScope;
import folio.benchmark.report.MarkdownReport;
import folio.benchmark.report.Measurement;
import folio.benchmark.report.RawResultsFile;
import folio.benchmark.subject.DeviceKind;
import folio.benchmark.subject.Installation;
import folio.benchmark.subject.TemporaryStore;
import folio.benchmark.throughput.PythonBaselines;
import folio.benchmark.throughput.Schedule;
import folio.benchmark.throughput.StreamRequest;
import folio.benchmark.throughput.SystemLauncher;
import folio.benchmark.throughput.SystemUnderTest;
import folio.benchmark.throughput.Window;
import folio.model.network.CharGruConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code benchmark}. */
@Command(
    name = "benchmark",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false,
    description =
        "Measures how fast the packaged service, its engine without HTTP, and PyTorch baselines"
            + " stream text from the same checkpoint. Prints tables in Markdown.",
    footer = {"", "Example: ./folio benchmark --streams 1,64 --rounds 3"})
final class BenchmarkCommand implements Callable<Integer> {
  private static final int MAX_STREAMS = 4096;
  private static final int MAX_ROUNDS = 1000;
  private static final double MIN_SECONDS = 0.1;
  private static final double MAX_SECONDS = 3600;
  private static final Duration WARM_UP = Duration.ofSeconds(1);
  private static final String REQUIREMENTS =
      "inference-service/benchmark/baselines/requirements.txt";

  @Spec private CommandSpec spec;

  @Option(
      names = "--checkpoint",
      paramLabel = "DIR",
      description =
          "The checkpoint to serve: the folder of a version (default: an untrained network).")
  private Path checkpoint;

  @Option(
      names = "--network",
      paramLabel = "NAME",
      defaultValue = "residual-3x512",
      description =
          "The untrained network to serve without --checkpoint: plain-LxH or residual-LxH, with L"
              + " layers of H units.")
  private String network;

  @Option(
      names = "--streams",
      paramLabel = "N",
      split = ",",
      defaultValue = "1,8,64,256",
      description =
          "The numbers of concurrent streams, 1 to 4096 each, measured one after the other.")
  private List<Integer> streams;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "The number of rounds, 1 to 1000; every round measures every system.")
  private int rounds;

  @Option(
      names = "--seconds",
      paramLabel = "SECONDS",
      defaultValue = "5",
      description = "The measured time of each system in each round, 0.1 to 3600 s.")
  private double seconds;

  @Mixin private MachineOptions machine;

  @Option(
      names = "--python",
      paramLabel = "PROGRAM",
      defaultValue = "${env:FOLIO_PYTHON:-python3}",
      description =
          "The Python interpreter, with the packages in "
              + REQUIREMENTS
              + "; FOLIO_PYTHON sets the default.")
  private String python;

  @Option(names = "--no-baselines", description = "Do not measure the PyTorch baselines.")
  private boolean noBaselines;

  /** The earlier name of {@code --no-baselines}; scripts may still use it. */
  @Option(names = "--no-peers", hidden = true, description = "The same as --no-baselines.")
  private boolean noPeers;

  @Option(
      names = "--graph",
      description =
          "Measure PyTorch's step as CUDA graphs in float32 and float16 as well; they need --device"
              + " cuda.")
  private boolean graph;

  @Option(
      names = "--compile",
      description =
          "Measure PyTorch's compiled step as well, on a GPU in float16 as a CUDA graph; it needs a"
              + " C and a C++ compiler and Python's headers.")
  private boolean compile;

  @Option(names = "--engine-only", description = "Do not measure the systems over HTTP.")
  private boolean engineOnly;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description =
          "The file for the raw results, one line of JSON per measurement (default: none).")
  private Path output;

  /** Creates the command; picocli calls it. */
  BenchmarkCommand() {}

  @Override
  public Integer call() {
    checkOptions();
    machine.start();
    try (ShutdownScope scope = new ShutdownScope()) {
      TemporaryStore store = scope.add(new TemporaryStore());
      Path served = fill(store);
      PrintWriter out = spec.commandLine().getOut();
      CharGruConfig config = store.store().open(store.store().current().orElseThrow()).config();
      RunHeader.of(checkpoint, config, machine.settings()).print(out);
      Window window = new Window(WARM_UP, Duration.ofNanos((long) (seconds * 1e9)));
      List<Measurement> all =
          new Schedule(streams, rounds, window)
              .run(startSystems(scope, store, served), this::showProgress);
      new MarkdownReport(all).print(out);
      if (output != null) {
        RawResultsFile.write(output, all);
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private void checkOptions() {
    streams.forEach(count -> machine.check("--streams", count, 1, MAX_STREAMS));
    machine.check("--rounds", rounds, 1, MAX_ROUNDS);
    machine.check("--seconds", seconds, MIN_SECONDS, MAX_SECONDS);
    if (graph && machine.settings().device() != DeviceKind.CUDA) {
      throw invalid("--device is cpu; with --graph it must be cuda", null);
    }
    if (output != null && !RawResultsFile.isWritable(output)) {
      throw invalid(
          "--output is "
              + output
              + "; it must be a file in an existing folder that you may write to",
          null);
    }
  }

  private ParameterException invalid(String message, Throwable cause) {
    return new ParameterException(spec.commandLine(), message, cause);
  }

  /** Adds the checkpoint to serve, promotes it, and returns its directory. */
  private Path fill(TemporaryStore store) {
    if (checkpoint != null) {
      try {
        store.linkAndPromote(checkpoint);
      } catch (IllegalArgumentException e) {
        throw invalid("--checkpoint is " + checkpoint + "; " + e.getMessage(), e);
      }
      return checkpoint.toAbsolutePath();
    }
    String version = UntrainedNetwork.publish(store, network, spec.commandLine());
    store.promote(version);
    return store.directory(version);
  }

  private List<SystemUnderTest> startSystems(
      ShutdownScope scope, TemporaryStore store, Path served) {
    int maxStreams = streams.stream().max(Integer::compare).orElseThrow();
    SystemLauncher launcher =
        new SystemLauncher(scope, StreamRequest.of(store.store()), maxStreams, machine.settings());
    Installation installation = Installation.here();
    List<SystemUnderTest> systems = new ArrayList<>();
    if (!engineOnly) {
      systems.add(launcher.startService(installation, store.root()));
    }
    Class<?> program = spec.root().userObject().getClass();
    systems.add(
        launcher.startEngine(
            EngineCommand.commandLine(program, store.root(), maxStreams, machine.settings())));
    if (!noBaselines && !noPeers) {
      systems.addAll(
          startBaselines(
              launcher, new PythonBaselines(installation, python, served, machine.settings())));
    }
    return systems;
  }

  /** Starts the baselines that can run, and prints a reason for each of the others. */
  private List<SystemUnderTest> startBaselines(SystemLauncher launcher, PythonBaselines baselines) {
    PrintWriter out = spec.commandLine().getOut();
    List<SystemUnderTest> systems = new ArrayList<>();
    boolean hasPyTorch =
        tries(
            "baselines",
            "they need the packages in " + REQUIREMENTS,
            () -> out.println("baselines: " + baselines.versions()));
    if (!hasPyTorch) {
      return systems;
    }
    if (!engineOnly) {
      tries(
          "FastAPI baseline",
          "it needs the packages in " + REQUIREMENTS,
          () -> {
            out.println("FastAPI baseline: " + baselines.serverVersions());
            systems.add(launcher.startServer(baselines));
          });
    }
    systems.addAll(SystemLauncher.steps(baselines, graph));
    if (compile) {
      tries(
          "compiled step",
          "it needs a C and a C++ compiler and Python's headers",
          () -> systems.add(launcher.compiledStep(baselines)));
    }
    return systems;
  }

  /** Starts baselines; if they cannot run, prints the reason and their needs and returns false. */
  private boolean tries(String baselines, String needs, Runnable start) {
    try {
      start.run();
      return true;
    } catch (BenchmarkException e) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(baselines + ": not measured: " + e.getMessage());
      out.println(baselines + ": " + needs);
      return false;
    } finally {
      spec.commandLine().getOut().flush();
    }
  }

  private void showProgress(Measurement measurement) {
    PrintWriter err = spec.commandLine().getErr();
    err.printf(
        "round %d/%d, %d streams, %s: %,.0f characters/s%n",
        measurement.round(),
        rounds,
        measurement.streams(),
        measurement.system(),
        measurement.result().charactersPerSecond());
    err.flush();
  }
}
