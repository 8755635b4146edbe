package folio.benchmark;

import java.io.PrintWriter;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts what came of every request. Safe for use by any thread. */
final class SoakTally {
  /** What a kind of unexpected outcome came to. */
  private record Unexpected(long count, String firstExample) {}

  private final Map<String, LongAdder> outcomes = new ConcurrentSkipListMap<>();
  private final Map<String, Unexpected> unexpected = new ConcurrentSkipListMap<>();
  private final Set<String> versions = ConcurrentHashMap.newKeySet();
  private final LongAdder requests = new LongAdder();
  private final LongAdder characters = new LongAdder();
  private final LongAdder repeated = new LongAdder();
  private final LatencyHistogram gaps = new LatencyHistogram();

  /** A request came to an end that may be. */
  void outcome(String what) {
    requests.increment();
    outcomes.computeIfAbsent(what, key -> new LongAdder()).increment();
  }

  /** A request, counted already, gave the same text a second time. */
  void repeated() {
    repeated.increment();
  }

  /** Something happened that must not. */
  void unexpected(String kind, String example) {
    unexpected.merge(
        kind,
        new Unexpected(1, example),
        (before, one) -> new Unexpected(before.count() + 1, before.firstExample()));
  }

  /** Text came from a version. */
  void text(String version, int length) {
    versions.add(version);
    characters.add(length);
  }

  /** The time between two events of a stream. */
  void gap(long nanos) {
    synchronized (gaps) {
      gaps.record(nanos);
    }
  }

  /** How many versions wrote text. */
  int versions() {
    return versions.size();
  }

  /** How often something happened that must not. */
  long unexpectedCount() {
    return unexpected.values().stream().mapToLong(Unexpected::count).sum();
  }

  /** What was counted so far, in a line. */
  @Override
  public String toString() {
    return String.format(
        "%,d requests, %,d characters, %d versions served, %d unexpected; %s",
        requests.sum(), characters.sum(), versions(), unexpectedCount(), outcomes);
  }

  /** Prints the outcomes as a table in Markdown, then what must not have happened. */
  void print(PrintWriter out) {
    out.println();
    out.println("| outcome | requests |");
    out.println("| --- | --: |");
    outcomes.forEach((what, count) -> out.printf("| %s | %,d |%n", what, count.sum()));
    out.printf("| all | %,d |%n", requests.sum());
    out.println();
    synchronized (gaps) {
      LatencyHistogram.Percentiles percentiles = gaps.percentiles();
      if (percentiles != null) {
        out.printf(
            "gap between events: median %.2f ms, 99th percentile %.2f ms%n",
            percentiles.p50Millis(), percentiles.p99Millis());
      }
    }
    out.printf(
        "%,d characters, %d versions served, %d texts repeated%n",
        characters.sum(), versions(), repeated.sum());
    unexpected.forEach(
        (kind, what) ->
            out.printf(
                "UNEXPECTED, %,d times: %s; first: %s%n", what.count(), kind, what.firstExample()));
    if (unexpected.isEmpty()) {
      out.println("nothing unexpected");
    }
    out.flush();
  }
}
