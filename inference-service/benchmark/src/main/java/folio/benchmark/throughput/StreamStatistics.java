package folio.benchmark.throughput;

import folio.benchmark.report.LatencyHistogram;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The statistics of all streams of one event loop. Owned by the event loop's thread, except for
 * {@link #started} and {@link #failure}, which any thread may read.
 */
final class StreamStatistics {
  private final AtomicInteger started = new AtomicInteger();
  private StreamCounts counts = new StreamCounts();
  private LatencyHistogram firstCharacters = new LatencyHistogram();
  private volatile String failure;

  /** Counts the first event of a stream, which came some time after the stream was opened. */
  void first(int characters, long nanos) {
    firstCharacters.record(nanos);
    started.incrementAndGet();
    counts.first(characters);
  }

  /** Counts a later event of a stream, which came some time after the previous event. */
  void next(int characters, long gapNanos) {
    counts.next(characters, gapNanos);
  }

  /** Records a failed stream; only the first failure is kept. */
  void fail(String message) {
    if (failure == null) {
      failure = "a stream failed: " + message;
    }
  }

  /** Returns the first failure, or null if no stream has failed. */
  String failure() {
    return failure;
  }

  /** Returns the number of first events since {@link #resetStarted}. */
  int started() {
    return started.get();
  }

  /** Sets the number of first events to 0 and clears their latencies. */
  void resetStarted() {
    started.set(0);
    resetFirstCharacters();
  }

  /** Clears the latencies of first characters. */
  void resetFirstCharacters() {
    firstCharacters = new LatencyHistogram();
  }

  /** Returns the latencies of first characters since their last reset. */
  LatencyHistogram firstCharacters() {
    return firstCharacters;
  }

  /** Ends the current window, starts the next, and returns the counts of the ended one. */
  StreamCounts takeCounts() {
    StreamCounts taken = counts;
    taken.end();
    counts = new StreamCounts();
    return taken;
  }
}
