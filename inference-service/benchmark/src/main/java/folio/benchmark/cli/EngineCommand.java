package folio.benchmark.cli;

import ai.djl.Device;
import folio.benchmark.subject.InProcessEngine;
import folio.benchmark.subject.Installation;
import folio.benchmark.subject.MachineSettings;
import folio.benchmark.throughput.EngineDialogue;
import folio.benchmark.throughput.EngineLoad;
import folio.benchmark.throughput.StreamRequest;
import folio.inference.engine.InferenceEngine;
import folio.model.checkpoint.CheckpointStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The hidden command {@code engine}, which {@code benchmark} starts as a child process. It runs the
 * engine without HTTP and speaks {@link EngineDialogue} on standard input and output. A process of
 * its own makes its memory and CPU time measurable.
 */
@Command(
    name = "engine",
    hidden = true,
    description = "Runs the engine without HTTP; only the command benchmark starts it.")
final class EngineCommand implements Callable<Integer> {
  private static final Duration QUEUE_TIMEOUT = Duration.ofMinutes(1);

  @Option(names = "--checkpoints", required = true)
  private Path checkpoints;

  @Option(names = "--slots", required = true)
  private int slots;

  @Mixin private MachineOptions machine;

  /** Creates the command; picocli calls it. */
  EngineCommand() {}

  /**
   * Returns the command line that starts this command in a child process.
   *
   * @param program the main class, whose subcommand this is
   * @param checkpoints the root of a store that has a {@code CURRENT}
   * @param slots the engine's number of slots
   */
  static List<String> commandLine(
      Class<?> program, Path checkpoints, int slots, MachineSettings machine) {
    return List.of(
        Installation.java(),
        "-cp",
        System.getProperty("java.class.path"),
        program.getName(),
        "engine",
        "--checkpoints=" + checkpoints,
        "--slots=" + slots,
        "--device=" + machine.device().spelling(),
        "--threads=" + machine.threads(),
        "--libtorch=" + machine.libtorch());
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintStream answers = System.out;
    System.setOut(System.err); // the output of libraries must not mix with answers
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    CheckpointStore store = new CheckpointStore(checkpoints);
    Device device = machine.start();
    MachineSettings settings = machine.settings();
    InferenceEngine.Settings engineSettings =
        new InferenceEngine.Settings(slots, settings.workers(device), slots, QUEUE_TIMEOUT);
    try (InProcessEngine engine =
        new InProcessEngine(
            store.open(store.current().orElseThrow()),
            engineSettings,
            settings.loader(device, slots))) {
      EngineDialogue.serve(new EngineLoad(engine, StreamRequest.of(store)), requests, answers);
    }
    return CommandLine.ExitCode.OK;
  }
}
