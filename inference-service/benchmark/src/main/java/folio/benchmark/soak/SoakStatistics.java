package folio.benchmark.soak;

import folio.benchmark.report.LatencyHistogram;
import folio.benchmark.report.Percentiles;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** The counts of all outcomes of a soak. Safe for use by any thread. */
public final class SoakStatistics {
  /** The count of one kind of unexpected outcome, and its first example. */
  private record Unexpected(long count, String firstExample) {}

  private final Map<String, LongAdder> outcomes = new ConcurrentSkipListMap<>();
  private final Map<String, Unexpected> unexpected = new ConcurrentSkipListMap<>();
  private final Set<String> versions = ConcurrentHashMap.newKeySet();
  private final LongAdder requests = new LongAdder();
  private final LongAdder characters = new LongAdder();
  private final LongAdder repeated = new LongAdder();
  private final LatencyHistogram gaps = new LatencyHistogram();

  /** Counts a request with an expected outcome. */
  void outcome(String name) {
    requests.increment();
    outcomes.computeIfAbsent(name, key -> new LongAdder()).increment();
  }

  /** Counts a text that a second request with the same seed has reproduced. */
  void repeated() {
    repeated.increment();
  }

  /**
   * Counts an unexpected outcome.
   *
   * @param kind the name under which equal outcomes are counted
   * @param example the details of this outcome
   */
  void unexpected(String kind, String example) {
    unexpected.merge(
        kind,
        new Unexpected(1, example),
        (before, one) -> new Unexpected(before.count() + 1, before.firstExample()));
  }

  /** Counts the text of a response. */
  void text(String version, int length) {
    versions.add(version);
    characters.add(length);
  }

  /** Counts the time between two events of a stream. */
  void gap(long nanos) {
    synchronized (gaps) {
      gaps.record(nanos);
    }
  }

  /** Returns the number of unexpected outcomes. */
  public long unexpectedCount() {
    return unexpected.values().stream().mapToLong(Unexpected::count).sum();
  }

  /** Returns the current counts as one line. */
  @Override
  public String toString() {
    return String.format(
        "%,d requests, %,d characters, %d versions served, %d unexpected; %s",
        requests.sum(), characters.sum(), versions.size(), unexpectedCount(), outcomes);
  }

  /** Prints a Markdown table of the outcomes, then every kind of unexpected outcome. */
  public void print(PrintWriter out) {
    out.println();
    out.println("| outcome | requests |");
    out.println("| --- | --: |");
    outcomes.forEach((name, count) -> out.printf("| %s | %,d |%n", name, count.sum()));
    out.printf("| all | %,d |%n", requests.sum());
    out.println();
    synchronized (gaps) {
      Percentiles percentiles = gaps.percentiles();
      if (percentiles != null) {
        out.printf(
            "gap between events: median %.2f ms, 99th percentile %.2f ms%n",
            percentiles.p50Millis(), percentiles.p99Millis());
      }
    }
    out.printf(
        "%,d characters, %d versions served, %d texts repeated%n",
        characters.sum(), versions.size(), repeated.sum());
    unexpected.forEach(
        (kind, each) ->
            out.printf(
                "UNEXPECTED, %,d times: %s; first: %s%n", each.count(), kind, each.firstExample()));
    if (unexpected.isEmpty()) {
      out.println("nothing unexpected");
    }
    out.flush();
  }
}
