package folio.benchmark.report;

/** The median and the 99th percentile of durations, in milliseconds. */
public record Percentiles(double p50Millis, double p99Millis) {}
