package folio.benchmark;

import java.time.Duration;

/** One way to the same text. Its process idles between measurements. Owned by one thread. */
interface Side {
  /** As it stands in tables. */
  String name();

  /**
   * Measures some streams at a time.
   *
   * @throws BenchmarkException if anything but text came
   */
  Figures measure(int streams, Window window);

  /**
   * How long to look.
   *
   * @param warmUp not measured, after every stream's first character
   * @param measured what counts
   */
  record Window(Duration warmUp, Duration measured) {}
}
