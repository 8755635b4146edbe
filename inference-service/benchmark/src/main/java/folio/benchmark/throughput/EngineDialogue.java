package folio.benchmark.throughput;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.benchmark.report.WindowResult;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;

/**
 * The line protocol between the benchmark and the process of its engine.
 *
 * <p>The engine's process prints {@code ready}. Then it answers each line {@code STREAMS WARM_UP
 * MEASURED} (ISO durations) with a {@link WindowResult} as a line of JSON, until its input ends.
 */
public final class EngineDialogue {
  static final String READY = "ready";

  private EngineDialogue() {}

  /** Returns the line that requests a measurement. */
  static String request(int streams, Window window) {
    return streams + " " + window.warmUp() + " " + window.measured();
  }

  /**
   * Parses the answer to a request.
   *
   * @throws JsonProcessingException if the line is not a result
   */
  static WindowResult parseAnswer(String line) throws JsonProcessingException {
    return new JsonMapper().readValue(line, WindowResult.class);
  }

  /**
   * Runs the engine's part of the dialogue, in the engine's process.
   *
   * @param requests the lines that request measurements
   * @param answers receives {@code ready} and the results
   */
  public static void serve(EngineLoad load, BufferedReader requests, PrintStream answers)
      throws IOException, InterruptedException {
    answers.println(READY);
    String line = requests.readLine();
    while (line != null) {
      String[] fields = line.split(" ", -1);
      Window window = new Window(Duration.parse(fields[1]), Duration.parse(fields[2]));
      WindowResult result = load.measure(Integer.parseInt(fields[0]), window);
      answers.println(new JsonMapper().writeValueAsString(result));
      line = requests.readLine();
    }
  }
}
