package folio.benchmark.throughput;

import folio.benchmark.process.BenchmarkException;
import folio.benchmark.report.SystemName;
import folio.benchmark.report.WindowResult;

/**
 * A system that writes text, compared with other systems on the same checkpoint. It uses no CPU
 * between measurements. Owned by one thread.
 */
public interface SystemUnderTest {
  /** Returns the system's name. */
  SystemName name();

  /**
   * Measures the system under a load of concurrent streams.
   *
   * @param streams the number of streams
   * @throws BenchmarkException if a stream fails or ends
   */
  WindowResult measure(int streams, Window window);
}
