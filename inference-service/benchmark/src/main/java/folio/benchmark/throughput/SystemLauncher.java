package folio.benchmark.throughput;

import folio.benchmark.process.BenchmarkException;
import folio.benchmark.process.ChildProcess;
import folio.benchmark.process.ShutdownScope;
import folio.benchmark.report.SystemName;
import folio.benchmark.subject.Installation;
import folio.benchmark.subject.MachineSettings;
import folio.benchmark.subject.PackagedService;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Starts the compared systems. Every system has its own process and the same number of threads.
 *
 * @param scope the scope that closes every started system
 * @param request the request that every stream sends over HTTP
 * @param maxStreams the largest number of concurrent streams; the service's number of slots
 */
public record SystemLauncher(
    ShutdownScope scope, StreamRequest request, int maxStreams, MachineSettings machine) {
  /**
   * Starts the packaged service and warms it up.
   *
   * @param checkpoints the root of a store that has a {@code CURRENT}
   */
  public SystemUnderTest startService(Installation installation, Path checkpoints) {
    PackagedService service =
        scope.add(
            PackagedService.start(
                installation,
                Map.of(
                    "FOLIO_CHECKPOINTS", checkpoints.toString(),
                    "FOLIO_DEVICE", machine.device().spelling(),
                    "FOLIO_DECODER", machine.libtorch() ? "libtorch" : "auto",
                    "FOLIO_THREADS", String.valueOf(machine.threads()),
                    "FOLIO_SLOTS", String.valueOf(maxStreams),
                    "FOLIO_QUEUE_CAPACITY", String.valueOf(maxStreams),
                    "FOLIO_LIMITS_MAX_TOKENS", String.valueOf(StreamRequest.MAX_TOKENS))));
    service.awaitReady();
    return startLoad(SystemName.SERVICE, service.process(), service.port());
  }

  /**
   * Starts the engine without HTTP.
   *
   * @param command the command of a process that speaks {@link EngineDialogue}
   */
  public SystemUnderTest startEngine(List<String> command) {
    return scope.add(new EngineProcess(command)).awaitReady();
  }

  /** Starts PyTorch behind FastAPI and warms it up. */
  public SystemUnderTest startServer(PythonBaselines baselines) {
    PythonBaselines.Server server = baselines.startServer();
    scope.add(server.process());
    server.awaitListening();
    return startLoad(SystemName.FASTAPI_BASELINE, server.process(), server.port());
  }

  /**
   * Returns PyTorch's eager decode step.
   *
   * @param graphs whether to add the CUDA graphs
   */
  public static List<SystemUnderTest> steps(PythonBaselines baselines, boolean graphs) {
    List<SystemUnderTest> systems = new ArrayList<>();
    systems.add(StepBaseline.eager(baselines));
    if (graphs) {
      systems.addAll(StepBaseline.graphs(baselines));
    }
    return systems;
  }

  /**
   * Compiles PyTorch's decode step once, and returns it as a system.
   *
   * @throws BenchmarkException if it cannot be compiled
   */
  public SystemUnderTest compiledStep(PythonBaselines baselines) {
    StepBaseline compiled = StepBaseline.compiled(baselines, machine.device());
    baselines.measureStep(compiled.name(), 1, compiled.options());
    return compiled;
  }

  private SystemUnderTest startLoad(SystemName name, ChildProcess process, int port) {
    return scope.add(HttpSystem.of(name, process, port, request)).warmUp();
  }
}
