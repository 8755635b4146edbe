package folio.benchmark.throughput;

import com.fasterxml.jackson.core.JsonProcessingException;
import folio.benchmark.process.BenchmarkException;
import folio.benchmark.process.ChildProcess;
import folio.benchmark.report.SystemName;
import folio.benchmark.report.WindowResult;
import java.io.IOException;
import java.util.List;

/** The engine without HTTP, in a child process that speaks {@link EngineDialogue}. */
final class EngineProcess implements SystemUnderTest, AutoCloseable {
  private final ChildProcess process;

  /** Starts the process without waiting until it is ready. */
  EngineProcess(List<String> command) {
    process = ChildProcess.startDialogue("engine", command);
  }

  /**
   * Waits until the engine can be measured.
   *
   * @return this system
   * @throws BenchmarkException if the process ends or prints anything else first
   */
  EngineProcess awaitReady() {
    String line = process.readLine();
    if (!line.equals(EngineDialogue.READY)) {
      throw process.failure("printed " + line);
    }
    return this;
  }

  @Override
  public SystemName name() {
    return SystemName.ENGINE;
  }

  @Override
  public WindowResult measure(int streams, Window window) {
    String answer = process.ask(EngineDialogue.request(streams, window));
    try {
      return EngineDialogue.parseAnswer(answer);
    } catch (JsonProcessingException e) {
      throw process.failure("answered " + answer);
    }
  }

  @Override
  public void close() throws IOException {
    process.close();
  }
}
