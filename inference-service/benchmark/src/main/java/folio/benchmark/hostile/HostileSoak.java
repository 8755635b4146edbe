package folio.benchmark.hostile;

import folio.benchmark.process.BenchmarkException;
import folio.benchmark.process.ProcessSample;
import folio.benchmark.report.Percentiles;
import folio.benchmark.subject.PackagedService;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A run of all attacks on a service, each for an equal part of the time, between a part before them
 * and one after them in which the honest client is alone. Owned by one thread.
 */
public final class HostileSoak {
  private static final double MEBIBYTE = 1 << 20;
  private static final int LOG_LINES = 20;
  private static final Duration THREAD_END_LIMIT = Duration.ofMinutes(3);

  private final PackagedService service;
  private final PrintWriter out;
  private final List<String> faults = new ArrayList<>();

  /**
   * Creates a run.
   *
   * @param service a ready service; the caller closes it
   * @param out receives a Markdown table, row by row
   */
  public HostileSoak(PackagedService service, PrintWriter out) {
    this.service = service;
    this.out = out;
  }

  /**
   * Runs all parts.
   *
   * @return what was not as it should be; empty after a good run
   * @throws BenchmarkException if the service has ended
   */
  public List<String> run(Duration time) {
    Attack[] attacks = Attack.values();
    Duration part = time.dividedBy(attacks.length + 3);
    out.println(
        "| attack | attempts | honest streams | rejected | gap p50, ms | gap p99, ms | stream, s"
            + " | resident, MiB |");
    out.println("| --- | --: | --: | --: | --: | --: | --: | --: |");
    runPart("none, before", List.of(), part);
    for (Attack attack : attacks) {
      runPart(attack.description(), List.of(attack), part);
    }
    runPart("all at once", Arrays.asList(attacks), part);
    runPart("none, after", List.of(), part);
    return faults;
  }

  private void runPart(String name, List<Attack> attacks, Duration time) {
    AtomicLong attempts = new AtomicLong();
    List<Attacker> attackers = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (Attack attack : attacks) {
      for (int i = 0; i < attack.threads(); i++) {
        Attacker attacker = new Attacker(service.uri(), attempts);
        Thread thread = new Thread(() -> repeat(attack, attacker), "attack-" + attack);
        thread.setDaemon(true);
        thread.start();
        attackers.add(attacker);
        threads.add(thread);
      }
    }
    HonestClient honest = new HonestClient(service.uri());
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < time.toNanos()) {
      honest.streamOnce();
      if (!service.process().isAlive()) {
        throw service.process().failure("ended under this attack: " + name);
      }
    }
    long resident = ProcessSample.of(service.process().pid()).residentBytes();
    attackers.forEach(Attacker::stop);
    threads.forEach(HostileSoak::join);
    if (!honest.faults().isEmpty()) {
      service
          .process()
          .log()
          .lines()
          .filter(line -> line.contains(" ERROR "))
          .limit(LOG_LINES)
          .forEach(out::println);
    }
    honest.faults().forEach(fault -> faults.add(name + ": " + fault));
    if (honest.streams() == 0) {
      faults.add(name + ": no honest stream was admitted");
    }
    print(name, attempts.get(), honest, resident);
  }

  private static void repeat(Attack attack, Attacker attacker) {
    while (!attacker.stopped()) {
      try (attacker) {
        attack.run(attacker);
      } catch (IOException e) {
        // The service has closed the connection, as it may.
      }
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join(THREAD_END_LIMIT.toMillis());
    } catch (InterruptedException e) {
      throw BenchmarkException.interrupted(e);
    }
  }

  private void print(String name, long attempts, HonestClient honest, long resident) {
    Percentiles gaps = honest.gaps();
    out.printf(
        "| %s | %,d | %,d | %,d | %.2f | %.2f | %.2f | %.0f |%n",
        name,
        attempts,
        honest.streams(),
        honest.rejected(),
        gaps == null ? Double.NaN : gaps.p50Millis(),
        gaps == null ? Double.NaN : gaps.p99Millis(),
        honest.medianSeconds(),
        resident / MEBIBYTE);
    out.flush();
  }
}
