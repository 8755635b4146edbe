package folio.benchmark.process;

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

/**
 * A child process and the temporary log file of its output. The caller closes it, which kills the
 * process and deletes the log.
 */
public final class ChildProcess implements AutoCloseable {
  /** The number of log lines that a failure message quotes. */
  private static final int QUOTED_LOG_LINES = 20;

  private static final Duration KILL_LIMIT = Duration.ofSeconds(5);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(20);

  private final String name;
  private final Path log;
  private final Process process;

  private ChildProcess(String name, Path log, Process process) {
    this.name = name;
    this.log = log;
    this.process = process;
  }

  /**
   * Starts a process whose standard output and standard error go to its log.
   *
   * @param name the name of the process in messages
   * @param environment variables that are added to this process's environment
   * @throws BenchmarkException if the program cannot be started
   */
  public static ChildProcess start(
      String name, List<String> command, Map<String, String> environment) {
    return start(name, command, environment, false);
  }

  /**
   * Starts a process that answers lines on its standard input with lines on its standard output.
   * Its standard error goes to its log.
   *
   * @param name the name of the process in messages
   * @throws BenchmarkException if the program cannot be started
   */
  public static ChildProcess startDialogue(String name, List<String> command) {
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

  /** Returns the process id. */
  public long pid() {
    return process.pid();
  }

  /** Returns whether the process still runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Returns the current content of the log. */
  public String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Waits until a condition holds.
   *
   * @param state the state that the condition checks, as an adjective for messages
   * @throws BenchmarkException if the process ends first, or the time limit passes
   */
  public void await(String state, Duration limit, BooleanSupplier condition) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (!process.isAlive()) {
        throw failure("ended before it was " + state);
      }
      if (System.nanoTime() > deadline) {
        throw failure("was not " + state + " within " + limit.toSeconds() + " seconds");
      }
      Pause.sleep(POLL_INTERVAL);
    }
  }

  /**
   * Returns an exception for a failure of this process; its message quotes the end of the log.
   *
   * @param predicate the failure, as the rest of a sentence that begins with the process's name
   */
  public BenchmarkException failure(String predicate) {
    List<String> lines = log().lines().toList();
    List<String> tail = lines.subList(Math.max(0, lines.size() - QUOTED_LOG_LINES), lines.size());
    String end = tail.isEmpty() ? "" : "; the end of its log:\n" + String.join("\n", tail);
    return new BenchmarkException("the " + name + " " + predicate + end);
  }

  /**
   * Sends a line to a dialogue and waits for the answer.
   *
   * @return the answer, one line
   * @throws BenchmarkException if the process ends without an answer
   */
  public String ask(String line) {
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
   * Waits for the next line of a dialogue and returns it.
   *
   * @throws BenchmarkException if the process ends without a line
   */
  public String readLine() {
    try {
      BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
      String answer = out.readLine();
      if (answer == null) {
        process.waitFor(KILL_LIMIT.toSeconds(), TimeUnit.SECONDS);
        throw failure("ended");
      }
      return answer;
    } catch (IOException e) {
      throw failure("does not answer (" + e.getMessage() + ")");
    } catch (InterruptedException e) {
      throw BenchmarkException.interrupted(e);
    }
  }

  /**
   * Sends SIGTERM and waits for the end of the process.
   *
   * @return the exit code
   * @throws TimeoutException if the process does not end within the limit
   */
  public int terminate(Duration limit) throws TimeoutException {
    process.toHandle().destroy();
    return waitFor(limit);
  }

  /**
   * Waits for the end of the process.
   *
   * @return the exit code
   * @throws TimeoutException if the process does not end within the limit
   */
  public int waitFor(Duration limit) throws TimeoutException {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new TimeoutException(name + " did not end within " + limit.toSeconds() + " seconds");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw BenchmarkException.interrupted(e);
    }
  }

  /** Kills the process and its descendants, and deletes the log. */
  @Override
  public void close() throws IOException {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      waitFor(KILL_LIMIT);
    } catch (TimeoutException e) {
      System.err.println("folio: " + e.getMessage());
    }
    Files.deleteIfExists(log);
  }
}
