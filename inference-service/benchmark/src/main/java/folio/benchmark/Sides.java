package folio.benchmark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Starts what is compared. Every process has an engine of its own, with as many threads as the
 * others', and idles while another is measured.
 *
 * @param scope closes everything that is started
 * @param checkpoints a store with a {@code CURRENT}
 * @param prompt what every stream begins with
 * @param mostStreams most streams at a time
 */
record Sides(
    ExitScope scope, Path checkpoints, String prompt, int mostStreams, MachineOptions machine) {
  static final String SERVICE = "service";
  static final String ENGINE = "engine";
  static final String PEER = "peer";
  static final String STEP = "pytorch step";
  static final String GRAPH = "pytorch graph";

  /** The packaged service. */
  Side service(Installation installation) {
    PackagedService service =
        scope.add(
            PackagedService.start(
                installation,
                Map.of(
                    "FOLIO_CHECKPOINTS", checkpoints.toString(),
                    "FOLIO_DEVICE", machine.device().spelling(),
                    "FOLIO_DECODER", machine.libtorch() ? "libtorch" : "auto",
                    "FOLIO_THREADS", String.valueOf(machine.givenThreads()),
                    "FOLIO_SLOTS", String.valueOf(mostStreams),
                    "FOLIO_QUEUE_CAPACITY", String.valueOf(mostStreams),
                    "FOLIO_LIMITS_MAX_TOKENS", String.valueOf(EngineLoad.MAX_TOKENS))));
    service.awaitReady();
    return http(SERVICE, service.process(), service.port());
  }

  /** The engine without HTTP. */
  Side engine() {
    return scope.add(new EngineSide(checkpoints, mostStreams, machine)).awaitReady();
  }

  /**
   * PyTorch behind HTTP, and its step alone.
   *
   * @param peers how to run them
   * @param http whether to start the one behind HTTP
   * @param graph whether the step is measured as a CUDA graph too
   */
  List<Side> pytorch(PythonBaselines peers, boolean http, boolean graph) {
    List<Side> sides = new ArrayList<>();
    if (http) {
      PythonBaselines.Service service = peers.startService();
      scope.add(service.process());
      service.awaitListening();
      sides.add(http(PEER, service.process(), service.port()));
    }
    sides.add(new Step(STEP, peers, false));
    if (graph) {
      sides.add(new Step(GRAPH, peers, true));
    }
    return sides;
  }

  private record Step(String name, PythonBaselines peers, boolean graph) implements Side {
    @Override
    public Figures measure(int streams, Window window) {
      return peers.step(streams, graph);
    }
  }

  private Side http(String name, ChildProcess process, int port) {
    return scope.add(new HttpSide(name, process, new StreamLoop.Request(port, this::body))).warm();
  }

  private String body(long seed) {
    try {
      return new JsonMapper()
          .writeValueAsString(
              Map.of(
                  "prompt",
                  prompt,
                  "max_tokens",
                  EngineLoad.MAX_TOKENS,
                  "temperature",
                  BenchmarkCommand.TEMPERATURE,
                  "seed",
                  seed));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("text and numbers can be written", e);
    }
  }

  /**
   * Measures every side for every number of streams, in turns, so that all see the same machine.
   */
  static List<Measurement> measure(
      List<Side> sides, Schedule schedule, Consumer<Measurement> progress) {
    List<Measurement> all = new ArrayList<>();
    for (int round = 1; round <= schedule.rounds(); round++) {
      for (int streams : schedule.streams()) {
        for (Side side : sides) {
          Figures figures = side.measure(streams, schedule.window());
          all.add(new Measurement(round, streams, side.name(), figures));
          progress.accept(all.get(all.size() - 1));
        }
      }
    }
    return all;
  }

  /** What is measured how often. */
  record Schedule(List<Integer> streams, int rounds, Side.Window window) {}
}
