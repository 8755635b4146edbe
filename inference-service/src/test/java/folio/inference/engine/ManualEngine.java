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
import folio.inference.models.ModelLoader;
import folio.inference.models.ResidentModels;
import folio.model.checkpoint.CheckpointStore;
import folio.model.testing.TestCheckpoints;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** The inside of an engine on the CPU, with small real models; the test runs its iterations. */
final class ManualEngine implements AutoCloseable {
  private static final int QUEUE_CAPACITY = 10;

  final RecordingListener events = new RecordingListener();
  final ResidentModels models = new ResidentModels();
  final AdmissionQueue queue;
  private final CheckpointStore store;
  private final ModelLoader loader;
  private final List<DecodeLoop> workers;

  /** An engine with one worker, decoded by libtorch, and a queue timeout of a minute. */
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
    models.connect(workers.count(), events, () -> {});
    this.queue = new AdmissionQueue(slots, slots, QUEUE_CAPACITY, workers);
    DecodeLoop.Shared shared = new DecodeLoop.Shared(queue, models, events, queueTimeout);
    this.workers =
        IntStream.range(0, workers.count())
            .mapToObj(worker -> new DecodeLoop(worker, shared))
            .toList();
  }

  /** Returns a request with default sampling. */
  static GenerationRequest request(String prompt, int maxTokens, long seed) {
    return request(prompt, maxTokens, seed, GenerationRequest.CURRENT);
  }

  static GenerationRequest request(String prompt, int maxTokens, long seed, String version) {
    return GenerationRequest.builder(prompt, maxTokens).seed(seed).model(version).build();
  }

  /** Returns the text that a stream holds now. */
  static String read(GenerationStream stream) {
    return Outcome.of(stream).text();
  }

  /** Returns why a request was rejected. */
  static Rejection rejectionOf(GenerationStream stream) {
    Throwable thrown = catchThrowable(() -> stream.started().toCompletableFuture().join());
    assertThat(thrown).hasCauseInstanceOf(RejectedException.class);
    return ((RejectedException) thrown.getCause()).rejection();
  }

  DecodeLoop worker(int index) {
    return workers.get(index);
  }

  /** Runs one iteration of every worker; returns whether any has more to do. */
  boolean iterate() {
    boolean more = false;
    for (DecodeLoop worker : workers) {
      more |= worker.iterate();
    }
    return more;
  }

  void runUntilIdle() {
    while (iterate()) {
      // until no worker has more to do
    }
  }

  /** Returns how many sequences the workers have. */
  int running() {
    return workers.stream().mapToInt(DecodeLoop::sequenceCount).sum();
  }

  /** Offers a new model with random weights. */
  LoadedModel offer(long seed) {
    return offer(TestCheckpoints.publish(store, seed));
  }

  private LoadedModel offer(String version) {
    LoadedModel model = loader.load(store.open(version));
    models.offer(model);
    return model;
  }

  /** Runs iterations until a new model with random weights is current. */
  LoadedModel serve(long seed) {
    return serve(TestCheckpoints.publish(store, seed));
  }

  /** Runs iterations until a version is current. */
  LoadedModel serve(String version) {
    LoadedModel model = offer(version);
    while (!isCurrent(model)) {
      iterate();
    }
    return model;
  }

  boolean isCurrent(LoadedModel model) {
    return models.current().stream().anyMatch(r -> r.version().equals(model.version()));
  }

  GenerationStream submit(GenerationRequest request) {
    return submitGroup(List.of(request)).get(0);
  }

  /** Queues a request of a client. */
  GenerationStream submit(String client, GenerationRequest request) {
    return submitGroup(client, List.of(request)).get(0);
  }

  /** Queues requests that share a prompt. */
  List<GenerationStream> submitGroup(List<GenerationRequest> requests) {
    return submitGroup("", requests);
  }

  private List<GenerationStream> submitGroup(String client, List<GenerationRequest> requests) {
    List<QueuedRequest.Choice> choices =
        requests.stream()
            .map(request -> new QueuedRequest.Choice(request, new GenerationStream()))
            .toList();
    assertThat(queue.offer(new QueuedRequest(choices, System.nanoTime(), client))).isTrue();
    return choices.stream().map(QueuedRequest.Choice::stream).toList();
  }

  @Override
  public void close() {
    workers.forEach(DecodeLoop::close);
    models.close();
    assertThat(models.residents()).isEmpty();
  }
}
