package folio.benchmark.soak;

import folio.benchmark.process.BenchmarkException;
import folio.benchmark.process.Pause;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** A run of all clients for a given time, with a progress line every 30 seconds. */
public final class SoakRun {
  private static final Duration POLL_INTERVAL = Duration.ofMillis(500);
  private static final Duration PROGRESS_INTERVAL = Duration.ofSeconds(30);

  /** The time for the last requests; longer than the time limit of a request. */
  private static final Duration LAST_REQUESTS_LIMIT = Duration.ofMinutes(3);

  private final List<SoakClient> clients;
  private final SoakStatistics statistics;
  private final PrintWriter out;

  /**
   * Creates a run.
   *
   * @param out receives the progress lines
   */
  public SoakRun(List<SoakClient> clients, SoakStatistics statistics, PrintWriter out) {
    this.clients = clients;
    this.statistics = statistics;
    this.out = out;
  }

  /**
   * Runs the clients for a time and waits for their last requests.
   *
   * @param poll called on this thread twice a second; returns a text for the progress line
   * @throws BenchmarkException if {@code poll} throws it, which ends the run
   */
  public void run(Duration time, Supplier<String> poll) {
    List<Thread> threads = new ArrayList<>();
    for (SoakClient client : clients) {
      Thread thread = new Thread(client, "soak-client-" + threads.size());
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
    long begin = System.nanoTime();
    long lastProgress = begin;
    while (System.nanoTime() - begin < time.toNanos()) {
      Pause.sleep(POLL_INTERVAL);
      String state = poll.get();
      if (System.nanoTime() - lastProgress >= PROGRESS_INTERVAL.toNanos()) {
        lastProgress = System.nanoTime();
        out.printf("%d s: %s; %s%n", (lastProgress - begin) / 1_000_000_000, statistics, state);
        out.flush();
      }
    }
    clients.forEach(SoakClient::stop);
    long deadline = System.nanoTime() + LAST_REQUESTS_LIMIT.toNanos();
    threads.forEach(thread -> join(thread, deadline));
  }

  private void join(Thread thread, long deadline) {
    try {
      thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
    } catch (InterruptedException e) {
      throw BenchmarkException.interrupted(e);
    }
    if (thread.isAlive()) {
      statistics.unexpected("a request without end", thread.getName());
    }
  }
}
