package folio.benchmark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The engine without HTTP, in a process of its own; see {@link EngineCommand}. */
final class EngineSide implements Side, AutoCloseable {
  private final ChildProcess process;

  /**
   * Starts it.
   *
   * @param checkpoints a store with a {@code CURRENT}
   */
  EngineSide(Path checkpoints, int slots, MachineOptions machine) {
    process =
        ChildProcess.startDialogue(
            "engine",
            List.of(
                Installation.java(),
                "-cp",
                System.getProperty("java.class.path"),
                Benchmark.class.getName(),
                "engine",
                "--checkpoints=" + checkpoints,
                "--slots=" + slots,
                "--device=" + machine.device().spelling(),
                "--threads=" + machine.givenThreads(),
                "--libtorch=" + machine.libtorch()));
  }

  /**
   * Waits until it can be measured.
   *
   * @throws BenchmarkException if it ends instead
   */
  EngineSide awaitReady() {
    String line = process.readLine();
    if (!line.equals(EngineCommand.READY)) {
      throw process.failure("says " + line);
    }
    return this;
  }

  @Override
  public String name() {
    return "engine";
  }

  @Override
  public Figures measure(int streams, Window window) {
    String answer = process.ask(streams + " " + window.warmUp() + " " + window.measured());
    try {
      return new JsonMapper().readValue(answer, Figures.class);
    } catch (JsonProcessingException e) {
      throw process.failure("answers " + answer);
    }
  }

  @Override
  public void close() throws IOException {
    process.close();
  }
}
