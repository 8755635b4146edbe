package folio.inference;

import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.api.Service;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The packaged service as a process. */
final class ServiceProcess {
  private static final Pattern LISTENING = Pattern.compile("Listening on: http://[^:]+:(\\d+)");

  private final Process process;
  private final Service service;
  private final int port;
  private final Queue<String> log;

  private ServiceProcess(Process process, int port, Queue<String> log) {
    this.process = process;
    this.service = new Service(port);
    this.port = port;
    this.log = log;
  }

  /** Returns the command that starts the service on a free port. */
  static ProcessBuilder command(Path checkpoints, Map<String, String> settings) {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-jar",
            Path.of("target", "quarkus-app", "quarkus-run.jar").toString());
    builder.environment().put("QUARKUS_HTTP_PORT", "0");
    builder.environment().put("FOLIO_CHECKPOINTS", checkpoints.toString());
    builder.environment().put("FOLIO_POLL_INTERVAL", "0.1S");
    builder.environment().putAll(settings);
    return builder.redirectErrorStream(true);
  }

  /** Starts the service and waits until it is ready. */
  static ServiceProcess start(Path checkpoints, Map<String, String> settings) throws IOException {
    return start(command(checkpoints, settings));
  }

  /** Starts the service by a command, and waits until it is ready. */
  static ServiceProcess start(ProcessBuilder command) throws IOException {
    Process process = command.start();
    BufferedReader log = process.inputReader(StandardCharsets.UTF_8);
    Matcher listening = LISTENING.matcher("");
    while (!listening.find()) {
      String line = log.readLine();
      assertThat(line).as("the log ended").isNotNull();
      listening = LISTENING.matcher(line);
    }
    // A full pipe would block the service, so its log is read until it ends.
    Queue<String> lines = new ConcurrentLinkedQueue<>();
    Thread drain = new Thread(() -> readToEnd(log, lines), "log");
    drain.setDaemon(true);
    drain.start();
    int port = Integer.parseInt(listening.group(1));
    Service.awaitReady(port);
    return new ServiceProcess(process, port, lines);
  }

  /** Starts the service with settings that make it exit with 1, and returns its log. */
  static String startAndFail(Path checkpoints, Map<String, String> settings) throws Exception {
    Process process = command(checkpoints, settings).start();
    try {
      String log = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).isEqualTo(1);
      return log;
    } finally {
      process.destroyForcibly();
    }
  }

  private static void readToEnd(BufferedReader log, Queue<String> lines) {
    try {
      for (String line = log.readLine(); line != null; line = log.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      // the process was killed
    }
  }

  /** Returns the lines logged since the service began to listen. */
  List<String> log() {
    return List.copyOf(log);
  }

  Service service() {
    return service;
  }

  /** Returns the port of the API. */
  int port() {
    return port;
  }

  Process process() {
    return process;
  }

  long pid() {
    return process.pid();
  }

  void kill() {
    process.destroyForcibly();
  }
}
