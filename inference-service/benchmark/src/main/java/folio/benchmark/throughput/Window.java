package folio.benchmark.throughput;

import java.time.Duration;

/**
 * The time that a measurement of one system takes.
 *
 * @param warmUp time after the first character of every stream that is not measured
 * @param measured time that is measured
 */
public record Window(Duration warmUp, Duration measured) {}
