package folio.benchmark;

/** What streams brought in a window. Owned by one thread. */
final class StreamCounts {
  private final LatencyHistogram characterGaps = new LatencyHistogram();
  private final LatencyHistogram eventGaps = new LatencyHistogram();
  private final long beginNanos = System.nanoTime();
  private long characters;
  private double charactersPerSecond;

  /** The first event of a stream. */
  void first(int eventCharacters) {
    characters += eventCharacters;
    characterGaps.record(0, eventCharacters - 1L);
  }

  /** An event that came some time after the one before. */
  void next(int eventCharacters, long gapNanos) {
    first(eventCharacters);
    characterGaps.record(gapNanos);
    eventGaps.record(gapNanos);
  }

  /** The window is over. */
  void end() {
    charactersPerSecond = characters / ((System.nanoTime() - beginNanos) / 1e9);
  }

  /** Adds what another loop's streams brought in the same window, which must be over. */
  void add(StreamCounts other) {
    characters += other.characters;
    charactersPerSecond += other.charactersPerSecond;
    characterGaps.add(other.characterGaps);
    eventGaps.add(other.eventGaps);
  }

  /** Of a window that is over. */
  Figures figures(LatencyHistogram firstCharacters, LatencyHistogram newcomers, Usage usage) {
    return new Figures(
        charactersPerSecond,
        new Figures.Latency(
            firstCharacters.percentiles(),
            newcomers.percentiles(),
            characterGaps.percentiles(),
            eventGaps.percentiles()),
        usage);
  }
}
