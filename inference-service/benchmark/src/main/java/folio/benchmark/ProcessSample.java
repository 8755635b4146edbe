package folio.benchmark;

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
 * CPU time and memory of a process at one moment, from {@code /proc}.
 *
 * @param nanos when, as {@link System#nanoTime}
 * @param ticks CPU time of all its threads, also of those that have ended
 * @param threads its threads by id
 */
record ProcessSample(
    long nanos, long ticks, Map<String, ThreadTime> threads, long residentBytes, long peakBytes) {
  /** USER_HZ, which Linux keeps at this on every machine that the service is built for. */
  private static final double TICKS_PER_SECOND = 100;

  /** The kernel cuts a thread's name to 15 characters. */
  private static final String EVENT_LOOP = "vert.x-eventloo";

  /** Threads of OpenMP have the name of the thread that started them. */
  private static final String DECODE = "decode-";

  private static final double IDLE_CPU = 0.1;
  private static final Duration IDLE_WINDOW = Duration.ofMillis(200);
  private static final int IDLE_ATTEMPTS = 50;

  /** CPU time of one thread. */
  record ThreadTime(String name, long ticks) {}

  /**
   * Looks now.
   *
   * @throws BenchmarkException if there is no such process
   */
  static ProcessSample of(long pid) {
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
          time(Files.readString(process.resolve("stat"))).ticks(),
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
          task.getFileName().toString(), time(Files.readString(task.resolve("stat")).strip()));
    } catch (IOException e) {
      // A thread that ends while it is looked at is no thread any more.
    }
  }

  /** {@code pid (name) state ...}: the name may hold spaces and brackets; see proc(5). */
  private static ThreadTime time(String stat) {
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

  /** What the process used since an earlier look. */
  Usage since(ProcessSample before) {
    double seconds = (nanos - before.nanos) / 1e9;
    return new Usage(
        (ticks - before.ticks) / TICKS_PER_SECOND / seconds,
        ticksOf(EVENT_LOOP, before) / TICKS_PER_SECOND / seconds,
        ticksOf(DECODE, before) / TICKS_PER_SECOND / seconds,
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
   * Waits until a process has nothing to do, so that the next one has the machine for itself.
   *
   * @return whether it came to that within ten seconds
   */
  static boolean awaitIdle(long pid) {
    ProcessSample before = of(pid);
    for (int i = 0; i < IDLE_ATTEMPTS; i++) {
      Pause.of(IDLE_WINDOW);
      ProcessSample now = of(pid);
      if (now.since(before).cpu() < IDLE_CPU) {
        return true;
      }
      before = now;
    }
    return false;
  }
}
