package folio.benchmark;

import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * A process that streams over HTTP, under a load of server-sent events. Its client has one event
 * loop for four cores, at least one and at most eight, to leave the cores to what is measured.
 */
final class HttpSide implements Side, AutoCloseable {
  private static final int CORES_PER_LOOP = 4;
  private static final int MAX_LOOPS = 8;
  private static final Duration FIRST_CHARACTER_LIMIT = Duration.ofMinutes(5);
  private static final Window WARM_UP = new Window(Duration.ofMillis(500), Duration.ofMillis(500));
  private static final int FEWEST_NEWCOMERS = 3;
  private static final Duration LOOK_INTERVAL = Duration.ofMillis(5);

  private final String name;
  private final ChildProcess process;
  private final List<StreamLoop> loops;
  private long nextSeed = 1;

  /**
   * A side that is measured as a client sees it.
   *
   * @param process what listens; it stays the caller's
   */
  HttpSide(String name, ChildProcess process, StreamLoop.Request request) {
    this.name = name;
    this.process = process;
    int cores = Runtime.getRuntime().availableProcessors();
    int count = Math.max(1, Math.min(MAX_LOOPS, cores / CORES_PER_LOOP));
    this.loops = IntStream.range(0, count).mapToObj(i -> new StreamLoop(request)).toList();
  }

  @Override
  public String name() {
    return name;
  }

  /** Streams for a moment, so that no measurement pays for what is done but once. */
  HttpSide warm() {
    measure(loops.size(), WARM_UP);
    return this;
  }

  @Override
  public Figures measure(int streams, Window window) {
    open(streams);
    Figures figures;
    try {
      awaitFirstCharacters(streams);
      Pause.of(window.warmUp());
      ProcessSample before = ProcessSample.of(process.pid());
      takeCounts();
      Pause.of(window.measured());
      StreamCounts counts = takeCounts();
      Usage usage = ProcessSample.of(process.pid()).since(before);
      checkFailures();
      LatencyHistogram together = firstCharacters();
      figures = counts.figures(together, newcomers(streams, window), usage);
    } finally {
      loops.forEach(StreamLoop::closeStreams);
    }
    if (!ProcessSample.awaitIdle(process.pid())) {
      throw process.failure("goes on computing after all its clients went away");
    }
    return figures;
  }

  private void open(int streams) {
    for (int i = 0; i < loops.size(); i++) {
      int share = (streams + i) / loops.size();
      loops.get(i).open(nextSeed, share);
      nextSeed += share;
    }
  }

  private void awaitFirstCharacters(int streams) {
    await("streaming", () -> loops.stream().mapToInt(StreamLoop::started).sum() >= streams);
  }

  private void await(String what, BooleanSupplier condition) {
    process.await(
        what,
        FIRST_CHARACTER_LIMIT,
        () -> {
          checkFailures();
          Pause.of(LOOK_INTERVAL);
          return condition.getAsBoolean();
        });
  }

  /**
   * New streams one after another, each in the place of an old one, for as long as was measured.
   */
  private LatencyHistogram newcomers(int streams, Window window) {
    StreamLoop loop = loops.get(loops.size() - 1); // has a stream even if there is only one
    loops.forEach(StreamLoop::forgetFirstCharacters);
    long end = System.nanoTime() + window.measured().toNanos();
    for (int came = 0; came < FEWEST_NEWCOMERS || System.nanoTime() < end; came++) {
      int before = loop.started();
      loop.replaceOldest(nextSeed++);
      await("streaming to a newcomer beside " + (streams - 1), () -> loop.started() > before);
    }
    return loop.firstCharacters();
  }

  private void checkFailures() {
    for (StreamLoop loop : loops) {
      if (loop.failure() != null) {
        throw process.failure("does not stream: " + loop.failure());
      }
    }
  }

  private StreamCounts takeCounts() {
    StreamCounts all = new StreamCounts();
    loops.forEach(loop -> all.add(loop.takeCounts()));
    return all;
  }

  private LatencyHistogram firstCharacters() {
    LatencyHistogram all = new LatencyHistogram();
    loops.forEach(loop -> all.add(loop.firstCharacters()));
    return all;
  }

  @Override
  public void close() {
    loops.forEach(StreamLoop::close);
  }
}
