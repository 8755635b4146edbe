package folio.benchmark.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The CPU time and memory of a process at one moment, read from {@code /proc}.
 *
 * @param nanos the moment, in the time of {@link System#nanoTime}
 * @param ticks CPU time of all threads in clock ticks, ended threads included
 * @param threads CPU time of each live thread, by thread id
 * @param residentBytes resident memory
 * @param peakBytes the largest resident memory since the process started
 */
public record ProcessSample(
    long nanos, long ticks, Map<String, ThreadTime> threads, long residentBytes, long peakBytes) {
  /** USER_HZ; Linux uses this value on every architecture that the service is built for. */
  private static final double TICKS_PER_SECOND = 100;

  /** The prefix of Vert.x event loop threads; the kernel cuts a thread's name to 15 characters. */
  private static final String EVENT_LOOP_PREFIX = "vert.x-eventloo";

  /** The prefix of worker threads; OpenMP's threads inherit the name of their creator. */
  private static final String WORKER_PREFIX = "decode-";

  /** A process counts as idle below this usage, in CPU seconds per second. */
  private static final double IDLE_CPU = 0.1;

  private static final Duration IDLE_WINDOW = Duration.ofMillis(200);
  private static final int IDLE_ATTEMPTS = 50;

  /**
   * The CPU time of one thread.
   *
   * @param ticks in clock ticks, user and system time
   */
  public record ThreadTime(String name, long ticks) {}

  /**
   * Reads a sample of a process.
   *
   * @throws BenchmarkException if the process does not exist
   */
  public static ProcessSample of(long pid) {
    Path process = Path.of("/proc", String.valueOf(pid));
    try {
      Map<String, ThreadTime> threads = new HashMap<>();
      try (Stream<Path> tasks = Files.list(process.resolve("task"))) {
        for (Path task : tasks.toList()) {
          readThread(task, threads);
        }
      }
      List<String> status = Files.readAllLines(process.resolve("status"));
      return new ProcessSample(
          System.nanoTime(),
          parseStat(Files.readString(process.resolve("stat"))).ticks(),
          threads,
          bytes(status, "VmRSS:"),
          bytes(status, "VmHWM:"));
    } catch (NoSuchFileException e) {
      throw new BenchmarkException("process " + pid + " is gone", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void readThread(Path task, Map<String, ThreadTime> threads) {
    try {
      threads.put(
          task.getFileName().toString(), parseStat(Files.readString(task.resolve("stat")).strip()));
    } catch (IOException e) {
      // The thread ended between the listing and the read; the sample has live threads only.
    }
  }

  /**
   * Parses a {@code stat} file, {@code pid (name) state ...}; see proc(5). The name may contain
   * spaces and brackets, so the search for its end begins at the end of the line.
   */
  private static ThreadTime parseStat(String stat) {
    int nameEnd = stat.lastIndexOf(')');
    String[] fields = stat.substring(nameEnd + 2).split(" ", -1);
    return new ThreadTime(
        stat.substring(stat.indexOf('(') + 1, nameEnd),
        Long.parseLong(fields[11]) + Long.parseLong(fields[12])); // utime and stime
  }

  private static long bytes(List<String> status, String field) {
    return status.stream()
        .filter(line -> line.startsWith(field))
        .map(line -> line.replaceAll("\\D", ""))
        .mapToLong(kilobytes -> Long.parseLong(kilobytes) * 1024)
        .findFirst()
        .orElse(0);
  }

  /** Returns the usage of the process between an earlier sample and this one. */
  public ProcessUsage since(ProcessSample before) {
    double seconds = (nanos - before.nanos) / 1e9;
    return new ProcessUsage(
        (ticks - before.ticks) / TICKS_PER_SECOND / seconds,
        ticksOf(EVENT_LOOP_PREFIX, before) / TICKS_PER_SECOND / seconds,
        ticksOf(WORKER_PREFIX, before) / TICKS_PER_SECOND / seconds,
        residentBytes,
        peakBytes);
  }

  private long ticksOf(String namePrefix, ProcessSample before) {
    return threads.entrySet().stream()
        .filter(thread -> thread.getValue().name().startsWith(namePrefix))
        .mapToLong(thread -> thread.getValue().ticks() - before.ticksOfThread(thread.getKey()))
        .sum();
  }

  private long ticksOfThread(String id) {
    ThreadTime thread = threads.get(id);
    return thread == null ? 0 : thread.ticks();
  }

  /**
   * Waits up to ten seconds until a process is idle, so that the next measurement has the machine
   * to itself.
   *
   * @return whether the process became idle
   */
  public static boolean awaitIdle(long pid) {
    ProcessSample before = of(pid);
    for (int i = 0; i < IDLE_ATTEMPTS; i++) {
      Pause.sleep(IDLE_WINDOW);
      ProcessSample now = of(pid);
      if (now.since(before).cpu() < IDLE_CPU) {
        return true;
      }
      before = now;
    }
    return false;
  }
}
