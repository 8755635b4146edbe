package folio.benchmark;

import ai.djl.Device;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.inference.engine.InferenceEngine;
import folio.model.checkpoint.CheckpointStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code engine}: the engine alone, in a process of its own so that memory and threads are its own.
 * It says {@code ready}, then answers each line {@code STREAMS WARM_UP MEASURED} (ISO durations)
 * with {@link Figures} as a line of JSON, until its input ends.
 */
@Command(name = "engine", hidden = true, description = "Used by benchmark.")
final class EngineCommand implements Callable<Integer> {
  static final String READY = "ready";

  private static final Duration QUEUE_TIMEOUT = Duration.ofMinutes(1);

  @Option(names = "--checkpoints", required = true)
  private Path checkpoints;

  @Option(names = "--slots", required = true)
  private int slots;

  @Mixin private MachineOptions machine;

  /** For picocli. */
  EngineCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintStream answers = System.out;
    System.setOut(System.err); // whatever a library prints is no answer
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    CheckpointStore store = new CheckpointStore(checkpoints);
    Device device = machine.start();
    InferenceEngine.Settings settings =
        new InferenceEngine.Settings(slots, machine.workers(device), slots, QUEUE_TIMEOUT);
    try (EngineUnderTest engine =
        new EngineUnderTest(
            store.open(store.current().orElseThrow()), settings, machine.loader(device, slots))) {
      EngineLoad load = new EngineLoad(engine, BenchmarkCommand.prompt(store));
      answers.println(READY);
      String line = lines.readLine();
      while (line != null) {
        answers.println(answer(load, line.split(" ", -1)));
        line = lines.readLine();
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private static String answer(EngineLoad load, String[] question)
      throws InterruptedException, JsonProcessingException {
    Side.Window window = new Side.Window(Duration.parse(question[1]), Duration.parse(question[2]));
    return new JsonMapper().writeValueAsString(load.measure(Integer.parseInt(question[0]), window));
  }
}
