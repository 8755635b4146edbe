package folio.benchmark.throughput;

import folio.benchmark.process.ProcessUsage;
import folio.benchmark.report.LatencyHistogram;
import folio.benchmark.report.WindowResult;

/** The characters and gaps that streams received within a window. Owned by one thread. */
final class StreamCounts {
  private final LatencyHistogram characterGaps = new LatencyHistogram();
  private final LatencyHistogram eventGaps = new LatencyHistogram();
  private final long beginNanos = System.nanoTime();
  private long characters;
  private double charactersPerSecond;

  /** Counts the first event of a stream. */
  void first(int eventCharacters) {
    characters += eventCharacters;
    characterGaps.record(0, eventCharacters - 1L);
  }

  /**
   * Counts a later event of a stream.
   *
   * @param gapNanos the time since the stream's previous event
   */
  void next(int eventCharacters, long gapNanos) {
    first(eventCharacters);
    characterGaps.record(gapNanos);
    eventGaps.record(gapNanos);
  }

  /** Ends the window. */
  void end() {
    charactersPerSecond = characters / ((System.nanoTime() - beginNanos) / 1e9);
  }

  /** Adds the counts of another event loop for the same window, after both have ended. */
  void add(StreamCounts other) {
    characters += other.characters;
    charactersPerSecond += other.charactersPerSecond;
    characterGaps.add(other.characterGaps);
    eventGaps.add(other.eventGaps);
  }

  /** Returns the result of a window that has ended. */
  WindowResult result(
      LatencyHistogram firstCharacters, LatencyHistogram underLoad, ProcessUsage usage) {
    return new WindowResult(
        charactersPerSecond,
        new WindowResult.Latency(
            firstCharacters.percentiles(),
            underLoad.percentiles(),
            characterGaps.percentiles(),
            eventGaps.percentiles()),
        usage);
  }
}
