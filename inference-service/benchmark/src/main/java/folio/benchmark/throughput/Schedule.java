package folio.benchmark.throughput;

import folio.benchmark.report.Measurement;
import folio.benchmark.report.WindowResult;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The order of measurements: every round measures every system for every number of streams.
 *
 * @param streamCounts the numbers of concurrent streams
 * @param window the time that one measurement takes
 */
public record Schedule(List<Integer> streamCounts, int rounds, Window window) {
  /**
   * Runs all measurements. The systems alternate within a round, so that a change of the machine's
   * speed affects all of them.
   *
   * @param progress receives every measurement right after it was made
   */
  public List<Measurement> run(List<SystemUnderTest> systems, Consumer<Measurement> progress) {
    List<Measurement> all = new ArrayList<>();
    for (int round = 1; round <= rounds; round++) {
      for (int streams : streamCounts) {
        for (SystemUnderTest system : systems) {
          WindowResult result = system.measure(streams, window);
          Measurement measurement = new Measurement(round, streams, system.name(), result);
          all.add(measurement);
          progress.accept(measurement);
        }
      }
    }
    return all;
  }
}
