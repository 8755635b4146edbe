package folio.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** A process that ends with its owner. What it writes is kept in a log until it is closed. */
final class ChildProcess implements AutoCloseable {
  private static final int TAIL_LINES = 20;
  private static final Duration KILL_TIME = Duration.ofSeconds(5);

  private final String name;
  private final Path log;
  private final Process process;

  private ChildProcess(String name, Path log, Process process) {
    this.name = name;
    this.log = log;
    this.process = process;
  }

  /**
   * Starts a process whose output, standard and error, goes to its log.
   *
   * @param name what messages call it
   * @param environment is added to this process's
   */
  static ChildProcess start(String name, List<String> command, Map<String, String> environment) {
    return start(name, command, environment, false);
  }

  /** Starts a process that is talked to, line by line; only its standard error goes to its log. */
  static ChildProcess startDialogue(String name, List<String> command) {
    return start(name, command, Map.of(), true);
  }

  private static ChildProcess start(
      String name, List<String> command, Map<String, String> environment, boolean dialogue) {
    try {
      Path log = Files.createTempFile("folio-" + name.replaceAll("\\W", "-") + "-", ".log");
      ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
      builder.environment().putAll(environment);
      if (!dialogue) {
        builder.redirectErrorStream(true).redirectOutput(log.toFile());
      }
      try {
        return new ChildProcess(name, log, builder.start());
      } catch (IOException e) {
        Files.delete(log);
        throw e;
      }
    } catch (IOException e) {
      throw new BenchmarkException(name + " cannot be started: " + e.getMessage(), e);
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** What it has logged so far. */
  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Waits until a condition holds.
   *
   * @throws BenchmarkException if the process ends before, or the time is up
   */
  void await(String what, Duration limit, BooleanSupplier condition) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (!process.isAlive()) {
        throw failure("ended before it was " + what);
      }
      if (System.nanoTime() > deadline) {
        throw failure("was not " + what + " within " + limit.toSeconds() + " seconds");
      }
      Pause.of(Duration.ofMillis(20));
    }
  }

  /** Something that went wrong with this process, with the end of its log. */
  BenchmarkException failure(String what) {
    List<String> lines = log().lines().toList();
    List<String> tail = lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size());
    String end = tail.isEmpty() ? "" : "; the end of its log:\n" + String.join("\n", tail);
    return new BenchmarkException("the " + name + " " + what + end);
  }

  /**
   * Sends a line to a dialogue and waits for the answer's line.
   *
   * @throws BenchmarkException if the process ends instead
   */
  String ask(String line) {
    try {
      Writer in = process.outputWriter(StandardCharsets.UTF_8);
      in.write(line + "\n");
      in.flush();
      return readLine();
    } catch (IOException e) {
      throw failure("does not answer (" + e.getMessage() + ")");
    }
  }

  /**
   * The next line of a dialogue.
   *
   * @throws BenchmarkException if the process ends instead
   */
  String readLine() {
    try {
      BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
      String answer = out.readLine();
      if (answer == null) {
        process.waitFor(KILL_TIME.toSeconds(), TimeUnit.SECONDS);
        throw failure("ended");
      }
      return answer;
    } catch (IOException e) {
      throw failure("does not answer (" + e.getMessage() + ")");
    } catch (InterruptedException e) {
      throw Pause.interrupted(e);
    }
  }

  /**
   * Asks it to end (SIGTERM) and waits.
   *
   * @return its exit code
   * @throws TimeoutException if it does not end in time
   */
  int terminate(Duration limit) throws TimeoutException {
    process.toHandle().destroy();
    return waitFor(limit);
  }

  /**
   * Waits for its end.
   *
   * @return its exit code
   * @throws TimeoutException if it does not end in time
   */
  int waitFor(Duration limit) throws TimeoutException {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new TimeoutException(name + " did not end within " + limit.toSeconds() + " seconds");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw Pause.interrupted(e);
    }
  }

  /** Kills it with everything that it started. */
  @Override
  public void close() throws IOException {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      waitFor(KILL_TIME);
    } catch (TimeoutException e) {
      System.err.println("folio: " + e.getMessage());
    }
    Files.deleteIfExists(log);
  }
}
