package folio.benchmark.throughput;

import folio.benchmark.process.ChildProcess;
import folio.benchmark.process.Pause;
import folio.benchmark.process.ProcessSample;
import folio.benchmark.process.ProcessUsage;
import folio.benchmark.report.LatencyHistogram;
import folio.benchmark.report.SystemName;
import folio.benchmark.report.WindowResult;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * A process that streams server-sent events over HTTP, and the load generator that reads them.
 *
 * <p>The load generator has one event loop for every four cores, at least one and at most eight, so
 * that most cores remain for the measured process.
 */
final class HttpSystem implements SystemUnderTest, AutoCloseable {
  private static final int CORES_PER_LOOP = 4;
  private static final int MAX_LOOPS = 8;
  private static final Duration FIRST_CHARACTER_LIMIT = Duration.ofMinutes(5);
  private static final Window WARM_UP = new Window(Duration.ofMillis(500), Duration.ofMillis(500));

  /** The smallest number of streams that measure the first character under load. */
  private static final int MIN_REPLACED_STREAMS = 3;

  private static final Duration POLL_INTERVAL = Duration.ofMillis(5);

  private final SystemName name;
  private final ChildProcess process;
  private final List<StreamLoop> loops;
  private long nextSeed = 1;

  private HttpSystem(SystemName name, ChildProcess process, List<StreamLoop> loops) {
    this.name = name;
    this.process = process;
    this.loops = loops;
  }

  /**
   * Creates the load generator for a server.
   *
   * @param process the server's process; the caller closes it
   * @param port the server's port on the loopback interface
   * @param request the request that every stream sends
   */
  static HttpSystem of(SystemName name, ChildProcess process, int port, StreamRequest request) {
    int cores = Runtime.getRuntime().availableProcessors();
    int count = Math.max(1, Math.min(MAX_LOOPS, cores / CORES_PER_LOOP));
    return new HttpSystem(
        name,
        process,
        IntStream.range(0, count).mapToObj(i -> new StreamLoop(port, request)).toList());
  }

  @Override
  public SystemName name() {
    return name;
  }

  /**
   * Streams for a second, so that no measurement includes one-time work such as class loading.
   *
   * @return this system
   */
  HttpSystem warmUp() {
    measure(loops.size(), WARM_UP);
    return this;
  }

  @Override
  public WindowResult measure(int streams, Window window) {
    open(streams);
    WindowResult result;
    try {
      awaitFirstCharacters(streams);
      Pause.sleep(window.warmUp());
      ProcessSample before = ProcessSample.of(process.pid());
      takeCounts();
      Pause.sleep(window.measured());
      StreamCounts counts = takeCounts();
      ProcessUsage usage = ProcessSample.of(process.pid()).since(before);
      checkFailures();
      LatencyHistogram openedAtOnce = firstCharacters();
      result = counts.result(openedAtOnce, measureUnderLoad(streams, window), usage);
    } finally {
      loops.forEach(StreamLoop::closeStreams);
    }
    if (!ProcessSample.awaitIdle(process.pid())) {
      throw process.failure("still uses the CPU after all clients disconnected");
    }
    return result;
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

  private void await(String state, BooleanSupplier condition) {
    process.await(
        state,
        FIRST_CHARACTER_LIMIT,
        () -> {
          checkFailures();
          Pause.sleep(POLL_INTERVAL);
          return condition.getAsBoolean();
        });
  }

  /**
   * Measures the first character of streams that start while the others run. Streams are replaced
   * one after another for the time of the window.
   */
  private LatencyHistogram measureUnderLoad(int streams, Window window) {
    StreamLoop loop = loops.get(loops.size() - 1); // has a stream even if there is only one
    loops.forEach(StreamLoop::resetFirstCharacters);
    long end = System.nanoTime() + window.measured().toNanos();
    for (int i = 0; i < MIN_REPLACED_STREAMS || System.nanoTime() < end; i++) {
      int before = loop.started();
      loop.replaceOldest(nextSeed++);
      await(
          "streaming to a new client next to " + (streams - 1) + " others",
          () -> loop.started() > before);
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

  /** Closes the load generator's event loops. */
  @Override
  public void close() {
    loops.forEach(StreamLoop::close);
  }
}
