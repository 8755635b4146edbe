package folio.benchmark;

import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * The service under a soak: gives it new checkpoints, watches its memory, and at the end looks
 * whether it let everything go. Owned by one thread.
 */
final class SoakedService {
  private static final Duration IDLE_LIMIT = Duration.ofSeconds(20);
  private static final Duration END_LIMIT = Duration.ofMinutes(1);

  private final PackagedService service;
  private final CheckpointChurn churn;
  private final SoakTally tally;
  private final Duration swapInterval;
  private final MemoryWatch memory;
  private long lastSwapNanos = System.nanoTime();

  SoakedService(
      PackagedService service, CheckpointChurn churn, SoakTally tally, Duration swapInterval) {
    this.service = service;
    this.churn = churn;
    this.tally = tally;
    this.swapInterval = swapInterval;
    this.memory = new MemoryWatch(service.process().pid());
  }

  /**
   * Does what is due.
   *
   * @return how the service is
   * @throws BenchmarkException if it is gone
   */
  String look() {
    if (!service.process().isAlive()) {
      throw service.process().failure("ended under load");
    }
    memory.look();
    if (System.nanoTime() - lastSwapNanos >= swapInterval.toNanos()) {
      lastSwapNanos = System.nanoTime();
      churn.turn();
    }
    return toString();
  }

  /** After the last request: nothing may be left, no checkpoint refused, and it ends cleanly. */
  void end() {
    try {
      service.process().await("idle", IDLE_LIMIT, this::idle);
    } catch (BenchmarkException e) {
      tally.unexpected("requests left after all clients went away", e.getMessage());
    }
    double refused = service.metric("folio_model_loads_total{result=\"failure\"");
    if (refused > 0) {
      tally.unexpected("refused checkpoints", refused + ", see the service's log");
    }
    memory.look();
    try {
      int exitCode = service.terminate(END_LIMIT);
      if (exitCode != 0) {
        tally.unexpected("exit code", "the service ended with " + exitCode);
      }
    } catch (TimeoutException e) {
      tally.unexpected("no end after SIGTERM", e.getMessage());
    }
    service.process().log().lines().filter(line -> line.contains(" ERROR ")).forEach(this::logged);
  }

  private boolean idle() {
    return service.metric("folio_requests_running") == 0
        && service.metric("folio_requests_waiting") == 0;
  }

  private void logged(String line) {
    tally.unexpected("an error in the service's log", line);
  }

  @Override
  public String toString() {
    return churn.published() + " checkpoints published; " + memory;
  }
}
