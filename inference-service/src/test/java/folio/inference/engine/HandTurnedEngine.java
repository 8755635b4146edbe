package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.djl.Device;
import folio.inference.decoding.Decoder;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.Refusal;
import folio.inference.generation.RefusedException;
import folio.inference.onchip.Chip;
import folio.inference.serving.ModelHandover;
import folio.inference.serving.ModelLoader;
import folio.inference.serving.ServedModel;
import folio.model.checkpoint.CheckpointStore;
import folio.model.sampling.SamplingParameters;
import folio.model.testing.TestCheckpoints;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** What is inside an engine, on the CPU, with real small models; its turns are taken by a test. */
final class HandTurnedEngine implements AutoCloseable {
  final ModelHandover handover = new ModelHandover();
  final Heard heard = new Heard();
  final ModelRotation models;
  final AdmissionQueue queue;
  private final CheckpointStore store;
  private final ModelLoader loader;
  private final List<DecodeLoop> lanes;

  /** One lane, decoded on the host; nobody waits too long. */
  HandTurnedEngine(CheckpointStore store, int slots) {
    this(store, slots, new Lanes(Device.cpu(), 1, 4), Chip.Maker.NONE, Duration.ofMinutes(1));
  }

  HandTurnedEngine(
      CheckpointStore store, int slots, Lanes lanes, Chip.Maker chips, Duration queueTimeout) {
    Decoder.prepareThread(Device.cpu());
    this.store = store;
    this.loader = new ModelLoader(Device.cpu(), chips, slots);
    this.models = new ModelRotation(lanes.count(), handover, heard);
    this.queue = new AdmissionQueue(slots, 10, lanes);
    DecodeLoop.Shared shared = new DecodeLoop.Shared(queue, models, heard, queueTimeout);
    this.lanes =
        IntStream.range(0, lanes.count()).mapToObj(lane -> new DecodeLoop(lane, shared)).toList();
  }

  /** A request that has nothing special. */
  static GenerationRequest request(String prompt, int maxTokens, long seed) {
    return request(prompt, maxTokens, seed, GenerationRequest.CURRENT);
  }

  static GenerationRequest request(String prompt, int maxTokens, long seed, String version) {
    return new GenerationRequest(
        prompt, maxTokens, SamplingParameters.DEFAULT, seed, List.of(), -1, false, version);
  }

  /** The text that is there to be read. */
  static String read(GenerationStream stream) {
    return Outcome.of(stream).text();
  }

  /** Why it was not run. */
  static Refusal refusalOf(GenerationStream stream) {
    Throwable thrown = catchThrowable(() -> stream.started().toCompletableFuture().join());
    assertThat(thrown).hasCauseInstanceOf(RefusedException.class);
    return ((RefusedException) thrown.getCause()).refusal();
  }

  DecodeLoop lane(int index) {
    return lanes.get(index);
  }

  /** A turn of each lane; whether any has more to do. */
  boolean turn() {
    boolean more = false;
    for (DecodeLoop lane : lanes) {
      more |= lane.turn();
    }
    return more;
  }

  void turnUntilIdle() {
    while (turn()) {
      // turn() says that there is more to do
    }
  }

  /** Slots that run. */
  int running() {
    return lanes.stream().mapToInt(DecodeLoop::running).sum();
  }

  /** Offers a new model of random weights. */
  ServedModel offer(long seed) {
    return offer(TestCheckpoints.publish(store, seed));
  }

  private ServedModel offer(String version) {
    ServedModel model = loader.load(store.open(version));
    handover.offer(model);
    return model;
  }

  /** Takes turns until a new model of random weights is current. */
  ServedModel serve(long seed) {
    return serve(TestCheckpoints.publish(store, seed));
  }

  /** Takes turns until a version is current. */
  ServedModel serve(String version) {
    ServedModel model = offer(version);
    while (!isCurrent(model)) {
      turn();
    }
    return model;
  }

  boolean isCurrent(ServedModel model) {
    return handover.current().stream().anyMatch(r -> r.version().equals(model.version()));
  }

  GenerationStream submit(GenerationRequest request) {
    return submitTogether(List.of(request)).get(0);
  }

  /** Choices of one prompt. */
  List<GenerationStream> submitTogether(List<GenerationRequest> requests) {
    List<Waiting.Choice> choices =
        requests.stream()
            .map(request -> new Waiting.Choice(request, new GenerationStream()))
            .toList();
    assertThat(queue.offer(new Waiting(choices, System.nanoTime()))).isTrue();
    return choices.stream().map(Waiting.Choice::stream).toList();
  }

  @Override
  public void close() {
    lanes.forEach(DecodeLoop::close);
    models.close();
    assertThat(handover.residents()).isEmpty();
  }
}
