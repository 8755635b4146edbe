package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.djl.Device;
import folio.inference.decoding.Decoder;
import folio.inference.fused.FusedDecoderFactory;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.RejectedException;
import folio.inference.generation.Rejection;
import folio.inference.models.LoadedModel;
import folio.inference.models.ModelHandover;
import folio.inference.models.ModelLoader;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** What is inside an engine, on the CPU, with real small models; its turns are taken by a test. */
final class ManualEngine implements AutoCloseable {
  final ModelHandover handover = new ModelHandover();
  final RecordingListener heard = new RecordingListener();
  final ModelRotation models;
  final AdmissionQueue queue;
  private final CheckpointStore store;
  private final ModelLoader loader;
  private final List<DecodeLoop> workers;

  /** One lane, decoded on the host; nobody waits too long. */
  ManualEngine(CheckpointStore store, int slots) {
    this(
        store,
        slots,
        new WorkerSettings(Device.cpu(), 1, 4),
        FusedDecoderFactory.Loader.NONE,
        Duration.ofMinutes(1));
  }

  ManualEngine(
      CheckpointStore store,
      int slots,
      WorkerSettings workers,
      FusedDecoderFactory.Loader fusedLoader,
      Duration queueTimeout) {
    Decoder.prepareThread(Device.cpu());
    this.store = store;
    this.loader = new ModelLoader(Device.cpu(), fusedLoader, slots);
    this.models = new ModelRotation(workers.count(), handover, heard);
    this.queue = new AdmissionQueue(slots, 10, workers);
    DecodeLoop.Shared shared = new DecodeLoop.Shared(queue, models, heard, queueTimeout);
    this.workers =
        IntStream.range(0, workers.count())
            .mapToObj(worker -> new DecodeLoop(worker, shared))
            .toList();
  }

  /** A request that has nothing special. */
  static GenerationRequest request(String prompt, int maxTokens, long seed) {
    return request(prompt, maxTokens, seed, GenerationRequest.CURRENT);
  }

  static GenerationRequest request(String prompt, int maxTokens, long seed, String version) {
    return GenerationRequest.builder(prompt, maxTokens).seed(seed).model(version).build();
  }

  /** The text that is there to be read. */
  static String read(GenerationStream stream) {
    return Outcome.of(stream).text();
  }

  /** Why it was not run. */
  static Rejection refusalOf(GenerationStream stream) {
    Throwable thrown = catchThrowable(() -> stream.started().toCompletableFuture().join());
    assertThat(thrown).hasCauseInstanceOf(RejectedException.class);
    return ((RejectedException) thrown.getCause()).rejection();
  }

  DecodeLoop worker(int index) {
    return workers.get(index);
  }

  /** A turn of each lane; whether any has more to do. */
  boolean iterate() {
    boolean more = false;
    for (DecodeLoop worker : workers) {
      more |= worker.iterate();
    }
    return more;
  }

  void runUntilIdle() {
    while (iterate()) {
      // iterate() says that there is more to do
    }
  }

  /** Slots that run. */
  int running() {
    return workers.stream().mapToInt(DecodeLoop::running).sum();
  }

  /** Offers a new model of random weights. */
  LoadedModel offer(long seed) {
    return offer(TestCheckpoints.publish(store, seed));
  }

  private LoadedModel offer(String version) {
    LoadedModel model = loader.load(store.open(version));
    handover.offer(model);
    return model;
  }

  /** Takes turns until a new model of random weights is current. */
  LoadedModel serve(long seed) {
    return serve(TestCheckpoints.publish(store, seed));
  }

  /** Takes turns until a version is current. */
  LoadedModel serve(String version) {
    LoadedModel model = offer(version);
    while (!isCurrent(model)) {
      iterate();
    }
    return model;
  }

  boolean isCurrent(LoadedModel model) {
    return handover.current().stream().anyMatch(r -> r.version().equals(model.version()));
  }

  GenerationStream submit(GenerationRequest request) {
    return submitTogether(List.of(request)).get(0);
  }

  /** Choices of one prompt. */
  List<GenerationStream> submitTogether(List<GenerationRequest> requests) {
    List<QueuedRequest.Choice> choices =
        requests.stream()
            .map(request -> new QueuedRequest.Choice(request, new GenerationStream()))
            .toList();
    assertThat(queue.offer(new QueuedRequest(choices, System.nanoTime()))).isTrue();
    return choices.stream().map(QueuedRequest.Choice::stream).toList();
  }

  @Override
  public void close() {
    workers.forEach(DecodeLoop::close);
    models.close();
    assertThat(handover.residents()).isEmpty();
  }
}
