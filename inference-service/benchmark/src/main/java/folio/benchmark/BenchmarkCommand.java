package folio.benchmark;

import ai.djl.engine.Engine;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointDraft.Precision;
import folio.model.checkpoint.CheckpointStore;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code benchmark}. */
@Command(
    name = "benchmark",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    sortOptions = false,
    description =
        "Streams text from the packaged service, from its engine without HTTP, and from PyTorch on"
            + " the same checkpoint, in turns, and prints tables in Markdown.")
final class BenchmarkCommand implements Callable<Integer> {
  /** How every side samples. */
  static final double TEMPERATURE = 0.8;

  private static final int MAX_STREAMS = 4096;
  private static final int MAX_ROUNDS = 1000;
  private static final double SHORTEST = 0.1;
  private static final double LONGEST = 3600;
  private static final long SEED = 1;
  private static final Duration WARM_UP = Duration.ofSeconds(1);

  @Spec private CommandSpec spec;

  @Option(names = "--checkpoint", paramLabel = "DIR", description = "Directory of a version.")
  private Path checkpoint;

  @Option(
      names = "--network",
      defaultValue = "residual-3x512",
      description = "Without --checkpoint: an untrained plain-LxH or residual-LxH.")
  private String network;

  @Option(
      names = "--streams",
      split = ",",
      defaultValue = "1,8,64,256",
      description = "Streams at a time, one after another.")
  private List<Integer> streams;

  @Option(names = "--rounds", defaultValue = "5", description = "Every side is measured in each.")
  private int rounds;

  @Option(names = "--seconds", defaultValue = "5", description = "Measured a round and side.")
  private double seconds;

  @Mixin private MachineOptions machine;

  @Option(
      names = "--python",
      defaultValue = "${env:FOLIO_PYTHON:-python3}",
      description = "Has what inference-service/benchmark/baselines/requirements.txt names.")
  private String python;

  @Option(names = "--no-peers", description = "Leave PyTorch out.")
  private boolean noPeers;

  @Option(names = "--graph", description = "On a GPU: PyTorch's step as a CUDA graph too.")
  private boolean graph;

  @Option(names = "--engine-only", description = "Leave out what goes through HTTP.")
  private boolean engineOnly;

  @Option(names = "--output", paramLabel = "FILE", description = "Raw figures, as lines of JSON.")
  private Path output;

  /** For picocli. */
  BenchmarkCommand() {}

  @Override
  public Integer call() {
    checkOptions();
    machine.start();
    try (ExitScope scope = new ExitScope()) {
      TemporaryStore store = scope.add(new TemporaryStore());
      Path served = fill(store);
      PrintWriter out = spec.commandLine().getOut();
      describe(out, store.store());
      int most = streams.stream().max(Integer::compare).orElseThrow();
      Sides sides = new Sides(scope, store.root(), prompt(store.store()), most, machine);
      List<Side> started = start(sides, served);
      Side.Window window = new Side.Window(WARM_UP, Duration.ofNanos((long) (seconds * 1e9)));
      List<Measurement> all =
          Sides.measure(started, new Sides.Schedule(streams, rounds, window), this::showProgress);
      new Report(all).print(out);
      if (output != null) {
        RawFigures.write(output, all);
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private void checkOptions() {
    streams.forEach(count -> machine.check("--streams", count, 1, MAX_STREAMS));
    machine.check("--rounds", rounds, 1, MAX_ROUNDS);
    machine.check("--seconds", seconds, SHORTEST, LONGEST);
    if (graph && machine.device() != MachineOptions.DeviceChoice.CUDA) {
      throw reject("--graph is given, but --device is cpu; legal with --graph: cuda", null);
    }
    if (output != null && !RawFigures.canWrite(output)) {
      throw reject(
          "--output is " + output + "; legal is a file in a folder that exists and can be written",
          null);
    }
  }

  private ParameterException reject(String message, Throwable cause) {
    return new ParameterException(spec.commandLine(), message, cause);
  }

  /** Makes the store name what is served; returns its directory. */
  private Path fill(TemporaryStore store) {
    if (checkpoint != null) {
      try {
        store.serve(checkpoint);
      } catch (IllegalArgumentException e) {
        throw reject("--checkpoint is " + checkpoint + "; " + e.getMessage(), e);
      }
      return checkpoint.toAbsolutePath();
    }
    Vocabulary vocabulary = Checkpoint.embedded().vocabulary();
    CharGruConfig config;
    try {
      config = NetworkName.parse(network).config(vocabulary.size());
    } catch (IllegalArgumentException e) {
      throw reject("--network is " + network + "; " + e.getMessage(), e);
    }
    String version =
        store.publish(new TemporaryStore.Untrained(config, vocabulary, Precision.FLOAT32, SEED));
    store.promote(version);
    return store.directory(version);
  }

  /** What every stream begins with: the first character of the current model. */
  static String prompt(CheckpointStore store) {
    return store.open(store.current().orElseThrow()).vocabulary().characters().get(0);
  }

  private void describe(PrintWriter out, CheckpointStore store) {
    CharGruConfig config = store.open(store.current().orElseThrow()).config();
    NetworkName name = new NetworkName(config.network(), config.layers(), config.hiddenSize());
    out.printf(
        "%s, vocabulary of %d, %s; %s, %d cores; %d threads on every side%n",
        checkpoint == null ? "untrained " + name : checkpoint + " (" + name + ")",
        config.vocabularySize(),
        machine.device().spelling(),
        cpuModel(),
        Runtime.getRuntime().availableProcessors(),
        machine.threads());
    out.printf(
        "engine: PyTorch %s through DJL %s, Java %s%n",
        Engine.getInstance().getVersion(), Engine.getDjlVersion(), Runtime.version());
    out.flush();
  }

  private static String cpuModel() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown CPU");
    } catch (IOException e) {
      return "unknown CPU";
    }
  }

  private List<Side> start(Sides sides, Path served) {
    List<Side> started = new ArrayList<>();
    Installation installation = Installation.here();
    if (!engineOnly) {
      started.add(sides.service(installation));
    }
    started.add(sides.engine());
    if (!noPeers) {
      PythonBaselines peers = new PythonBaselines(installation, python, served, machine);
      PrintWriter out = spec.commandLine().getOut();
      try {
        out.println("peers: " + peers.versions());
        started.addAll(sides.pytorch(peers, !engineOnly, graph));
      } catch (BenchmarkException e) {
        out.println("peers: skipped, as " + e.getMessage());
        out.println(
            "peers: they need what inference-service/benchmark/baselines/requirements.txt names");
      }
      out.flush();
    }
    return started;
  }

  private void showProgress(Measurement measured) {
    PrintWriter err = spec.commandLine().getErr();
    err.printf(
        "round %d/%d, %d streams, %s: %,.0f characters/s%n",
        measured.round(),
        rounds,
        measured.streams(),
        measured.side(),
        measured.figures().charactersPerSecond());
    err.flush();
  }
}
