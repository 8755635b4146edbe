package folio.benchmark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
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
 * PyTorch on the same checkpoint: a service as a user would write it, and one batched step.
 *
 * @param python the interpreter
 * @param checkpoint a directory of one version
 */
record PythonBaselines(
    Installation installation, String python, Path checkpoint, MachineOptions machine) {
  private static final Duration START_LIMIT = Duration.ofMinutes(2);
  private static final Duration STEP_LIMIT = Duration.ofMinutes(30);

  /** Every package of the peers; PyTorch may be built for a device without seeing one. */
  private static final String LOOK =
      """
      import json, sys, fastapi, numpy, torch, uvicorn
      print(json.dumps({"python": sys.version.split()[0], "torch": torch.__version__,
                        "mkl": torch.backends.mkl.is_available(),
                        "gpu": torch.cuda.is_available() and torch.cuda.get_device_name(),
                        "fastapi": fastapi.__version__, "uvicorn": uvicorn.__version__}))
      """;

  /**
   * Looks whether the peers can run.
   *
   * @return their versions, in words
   * @throws BenchmarkException telling why they cannot
   */
  String versions() {
    JsonNode found = json(run(python, List.of(python, "-c", LOOK)));
    if (machine.device() == MachineOptions.DeviceChoice.CUDA && found.get("gpu").isBoolean()) {
      throw new BenchmarkException(
          "PyTorch " + found.get("torch").asText() + " of " + python + " sees no GPU");
    }
    return String.format(
        "PyTorch %s (%s, %s MKL), FastAPI %s, uvicorn %s, Python %s",
        found.get("torch").asText(),
        found.get("gpu").isBoolean() ? "CPU" : found.get("gpu").asText(),
        found.get("mkl").asBoolean() ? "with" : "without",
        found.get("fastapi").asText(),
        found.get("uvicorn").asText(),
        found.get("python").asText());
  }

  /** A service that is about to listen. */
  record Service(ChildProcess process, int port) {
    /**
     * Waits until it listens.
     *
     * @throws BenchmarkException if it does not
     */
    Service awaitListening() {
      process.await("listening", START_LIMIT, this::listens);
      return this;
    }

    private boolean listens() {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return socket.isConnected();
      } catch (IOException e) {
        return false;
      }
    }
  }

  /** Starts the service on a free port; the caller closes its process. */
  Service startService() {
    int port = freePort();
    List<String> command = script("fastapi_server.py");
    command.add("--port=" + port);
    return new Service(ChildProcess.start("peer", command, Map.of()), port);
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Measures the step, in a process of its own.
   *
   * @param graph whether it is replayed as a CUDA graph
   */
  Figures step(int streams, boolean graph) {
    List<String> command = script("decode_step.py");
    command.add("--batch=" + streams);
    if (graph) {
      command.add("--graph");
    }
    return new Figures(
        json(run("pytorch step", command)).get("chars_per_s").asDouble(), null, null);
  }

  private List<String> script(String name) {
    return new ArrayList<>(
        List.of(
            python,
            installation.peer(name).toString(),
            checkpoint.toString(),
            "--device=" + machine.device().spelling(),
            "--threads=" + machine.threads()));
  }

  private static JsonNode json(String output) {
    try {
      // Warnings of libraries may stand around it.
      String object = output.lines().filter(line -> line.startsWith("{")).findFirst().orElse("");
      return new JsonMapper().readTree(object);
    } catch (JsonProcessingException e) {
      throw new BenchmarkException("this is not what a peer should print: " + output, e);
    }
  }

  /** The output of a command that ends by itself. */
  private static String run(String name, List<String> command) {
    try (ExitScope scope = new ExitScope()) {
      ChildProcess process = scope.add(ChildProcess.start(name, command, Map.of()));
      int exitCode = process.waitFor(STEP_LIMIT);
      if (exitCode != 0) {
        String lastLine = process.log().lines().reduce("", (before, line) -> line);
        throw new BenchmarkException(name + " ended with exit code " + exitCode + ": " + lastLine);
      }
      return process.log();
    } catch (TimeoutException e) {
      throw new BenchmarkException(e.getMessage(), e);
    }
  }
}
