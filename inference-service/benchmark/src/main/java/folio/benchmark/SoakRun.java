package folio.benchmark;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Lets clients loose for a while and tells how it goes. */
final class SoakRun {
  private static final Duration LOOK_INTERVAL = Duration.ofMillis(500);
  private static final Duration REPORT_INTERVAL = Duration.ofSeconds(30);

  /** Longer than a request may take. */
  private static final Duration END_LIMIT = Duration.ofMinutes(3);

  private final List<SoakClient> clients;
  private final SoakTally tally;
  private final PrintWriter out;

  SoakRun(List<SoakClient> clients, SoakTally tally, PrintWriter out) {
    this.clients = clients;
    this.tally = tally;
    this.out = out;
  }

  /**
   * Runs, and waits for the last requests.
   *
   * @param look called again and again on this thread; tells what it saw
   * @throws BenchmarkException if {@code look} does, as nothing can go on then
   */
  void run(Duration time, Supplier<String> look) {
    List<Thread> threads = new ArrayList<>();
    for (SoakClient client : clients) {
      Thread thread = new Thread(client, "soak-client-" + threads.size());
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
    long begin = System.nanoTime();
    long reported = begin;
    while (System.nanoTime() - begin < time.toNanos()) {
      Pause.of(LOOK_INTERVAL);
      String seen = look.get();
      if (System.nanoTime() - reported >= REPORT_INTERVAL.toNanos()) {
        reported = System.nanoTime();
        out.printf("%d s: %s; %s%n", (reported - begin) / 1_000_000_000, tally, seen);
        out.flush();
      }
    }
    clients.forEach(SoakClient::stop);
    long deadline = System.nanoTime() + END_LIMIT.toNanos();
    threads.forEach(thread -> join(thread, deadline));
  }

  private void join(Thread thread, long deadline) {
    try {
      thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
    } catch (InterruptedException e) {
      throw Pause.interrupted(e);
    }
    if (thread.isAlive()) {
      tally.unexpected("a request without end", thread.getName());
    }
  }
}
