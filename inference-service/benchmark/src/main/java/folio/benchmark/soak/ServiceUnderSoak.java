package folio.benchmark.soak;

import folio.benchmark.process.BenchmarkException;
import folio.benchmark.subject.PackagedService;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * The service during a soak. This class publishes checkpoints for it, samples its memory, and
 * checks at the end that no request remains and that it shuts down cleanly. Owned by one thread.
 */
public final class ServiceUnderSoak {
  private static final Duration IDLE_LIMIT = Duration.ofSeconds(20);
  private static final Duration SHUTDOWN_LIMIT = Duration.ofMinutes(1);

  private final PackagedService service;
  private final CheckpointPublisher publisher;
  private final SoakStatistics statistics;
  private final Duration swapInterval;
  private final MemoryWatch memory;
  private long lastSwapNanos = System.nanoTime();

  /**
   * Begins to watch a ready service.
   *
   * @param service the service; the caller closes it
   * @param swapInterval the time between two new checkpoints
   */
  public ServiceUnderSoak(
      PackagedService service,
      CheckpointPublisher publisher,
      SoakStatistics statistics,
      Duration swapInterval) {
    this.service = service;
    this.publisher = publisher;
    this.statistics = statistics;
    this.swapInterval = swapInterval;
    this.memory = new MemoryWatch(service.process().pid());
  }

  /**
   * Samples the memory, and publishes a checkpoint if the swap interval has passed.
   *
   * @return the service's state as a line of text
   * @throws BenchmarkException if the service has ended
   */
  public String poll() {
    if (!service.process().isAlive()) {
      throw service.process().failure("ended under load");
    }
    memory.sample();
    if (System.nanoTime() - lastSwapNanos >= swapInterval.toNanos()) {
      lastSwapNanos = System.nanoTime();
      publisher.publishNext();
    }
    return toString();
  }

  /**
   * Shuts the service down after the last request. Counts as unexpected: remaining requests,
   * rejected checkpoints, errors in the log, and an exit code other than 0.
   */
  public void finish() {
    try {
      service.process().await("idle", IDLE_LIMIT, this::idle);
    } catch (BenchmarkException e) {
      statistics.unexpected("requests remain after all clients disconnected", e.getMessage());
    }
    double rejected = service.metric("folio_model_loads_total{result=\"failure\"");
    if (rejected > 0) {
      statistics.unexpected("rejected checkpoints", rejected + ", see the service's log");
    }
    memory.sample();
    try {
      int exitCode = service.terminate(SHUTDOWN_LIMIT);
      if (exitCode != 0) {
        statistics.unexpected("exit code", "the service ended with " + exitCode);
      }
    } catch (TimeoutException e) {
      statistics.unexpected("no end after SIGTERM", e.getMessage());
    }
    service
        .process()
        .log()
        .lines()
        .filter(line -> line.contains(" ERROR "))
        .forEach(line -> statistics.unexpected("an error in the service's log", line));
  }

  private boolean idle() {
    return service.metric("folio_requests_running") == 0
        && service.metric("folio_requests_waiting") == 0;
  }

  @Override
  public String toString() {
    return publisher.published() + " checkpoints published; " + memory;
  }
}
