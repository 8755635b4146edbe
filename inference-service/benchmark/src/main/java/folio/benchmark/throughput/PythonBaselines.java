package folio.benchmark.throughput;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import folio.benchmark.process.BenchmarkException;
import folio.benchmark.process.ChildProcess;
import folio.benchmark.process.ShutdownScope;
import folio.benchmark.report.SystemName;
import folio.benchmark.subject.DeviceKind;
import folio.benchmark.subject.Installation;
import folio.benchmark.subject.MachineSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;

/**
 * The PyTorch programs that compute the same checkpoint: a FastAPI server and a batched decode
 * step.
 *
 * @param python the Python interpreter
 * @param checkpoint the directory of one version
 */
public record PythonBaselines(
    Installation installation, String python, Path checkpoint, MachineSettings machine) {
  private static final Duration START_LIMIT = Duration.ofMinutes(2);
  private static final Duration STEP_LIMIT = Duration.ofMinutes(30);

  /**
   * A script that imports the packages of all baselines and prints their versions. It also looks
   * for a GPU, since PyTorch can be built for CUDA on a machine without one.
   */
  private static final String VERSIONS_SCRIPT =
      """
      import json, sys, numpy, torch
      print(json.dumps({"python": sys.version.split()[0], "torch": torch.__version__,
                        "mkl": torch.backends.mkl.is_available(),
                        "gpu": torch.cuda.is_available() and torch.cuda.get_device_name()}))
      """;

  /** A script that imports the other packages of the server and prints their versions. */
  private static final String SERVER_VERSIONS_SCRIPT =
      """
      import json, fastapi, uvicorn
      print(json.dumps({"fastapi": fastapi.__version__, "uvicorn": uvicorn.__version__}))
      """;

  /**
   * Returns a description of the installed versions of what all baselines need.
   *
   * @throws BenchmarkException if a package is missing, or PyTorch sees no GPU where one is needed
   */
  public String versions() {
    JsonNode found = parse(run(python, List.of(python, "-c", VERSIONS_SCRIPT)));
    if (machine.device() == DeviceKind.CUDA && found.get("gpu").isBoolean()) {
      throw new BenchmarkException(
          "PyTorch " + found.get("torch").asText() + " of " + python + " sees no GPU");
    }
    return String.format(
        "PyTorch %s (%s, %s MKL), Python %s",
        found.get("torch").asText(),
        found.get("gpu").isBoolean() ? "CPU" : found.get("gpu").asText(),
        found.get("mkl").asBoolean() ? "with" : "without",
        found.get("python").asText());
  }

  /**
   * Returns a description of the installed versions of what the FastAPI server needs besides.
   *
   * @throws BenchmarkException if a package is missing
   */
  public String serverVersions() {
    JsonNode found = parse(run(python, List.of(python, "-c", SERVER_VERSIONS_SCRIPT)));
    return String.format(
        "FastAPI %s, uvicorn %s", found.get("fastapi").asText(), found.get("uvicorn").asText());
  }

  /** A started FastAPI server and its port on the loopback interface. */
  record Server(ChildProcess process, int port) {
    /**
     * Waits until the server listens.
     *
     * @throws BenchmarkException if it does not listen within two minutes
     */
    void awaitListening() {
      process.await("listening", START_LIMIT, this::listens);
    }

    private boolean listens() {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return socket.isConnected();
      } catch (IOException e) {
        return false;
      }
    }
  }

  /** Starts the FastAPI server on a free port; the caller closes its process. */
  Server startServer() {
    int port = freePort();
    List<String> command = command("fastapi_server.py");
    command.add("--port=" + port);
    return new Server(ChildProcess.start("FastAPI baseline", command, Map.of()), port);
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Measures the decode step in a process of its own.
   *
   * @param name the name of its form
   * @param streams the number of streams in a step
   * @param options the options of {@code decode_step.py} that choose its form
   * @return characters per second
   * @throws BenchmarkException if the program fails
   */
  double measureStep(SystemName name, int streams, List<String> options) {
    List<String> command = command("decode_step.py");
    command.add("--batch=" + streams);
    command.addAll(options);
    return parse(run(name.toString(), command)).get("chars_per_s").asDouble();
  }

  private List<String> command(String script) {
    return new ArrayList<>(
        List.of(
            python,
            installation.baseline(script).toString(),
            checkpoint.toString(),
            "--device=" + machine.device().spelling(),
            "--threads=" + machine.cpuThreads()));
  }

  private static JsonNode parse(String output) {
    try {
      // Libraries may print warnings before and after the line of JSON.
      String object = output.lines().filter(line -> line.startsWith("{")).findFirst().orElse("");
      return new JsonMapper().readTree(object);
    } catch (JsonProcessingException e) {
      throw new BenchmarkException("a baseline printed no line of JSON: " + output, e);
    }
  }

  /** Runs a command to its end and returns its output. */
  private static String run(String name, List<String> command) {
    try (ShutdownScope scope = new ShutdownScope()) {
      ChildProcess process = scope.add(ChildProcess.start(name, command, Map.of()));
      int exitCode = process.waitFor(STEP_LIMIT);
      if (exitCode != 0) {
        String lastLine =
            process.log().lines().filter(line -> !line.isBlank()).reduce("", (a, b) -> b);
        throw new BenchmarkException(name + " ended with exit code " + exitCode + ": " + lastLine);
      }
      return process.log();
    } catch (TimeoutException e) {
      throw new BenchmarkException(e.getMessage(), e);
    }
  }
}
