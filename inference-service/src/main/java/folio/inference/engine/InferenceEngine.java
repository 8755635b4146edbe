package folio.inference.engine;

import ai.djl.Device;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.MemoryBudget;
import folio.inference.generation.RejectedException;
import folio.inference.generation.Rejection;
import folio.inference.generation.RequestGroup;
import folio.inference.models.ResidentModels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The entry of the engine. Any thread may call {@link #submit}; every worker has a thread of its
 * own. The owner calls {@link #start}, {@link #drain} and {@link #close}, in this order.
 */
public final class InferenceEngine implements AutoCloseable {
  /**
   * The bounds of an engine.
   *
   * @param slots the largest number of requests that run at once
   * @param slotsPerClient the largest number of them that run for one client
   * @param workers how many workers share them
   * @param queueCapacity the largest number of requests that wait
   * @param queueTimeout the longest time that a request waits
   * @param memory the budget that counts unread text
   */
  public record Settings(
      int slots,
      int slotsPerClient,
      WorkerSettings workers,
      int queueCapacity,
      Duration queueTimeout,
      MemoryBudget memory) {
    /** Settings that bound neither the slots of a client nor the memory of unread text. */
    public Settings(int slots, WorkerSettings workers, int queueCapacity, Duration queueTimeout) {
      this(slots, slots, workers, queueCapacity, queueTimeout, MemoryBudget.unlimited());
    }
  }

  private final AdmissionQueue queue;
  private final ResidentModels models;
  private final EngineListener listener;
  private final MemoryBudget memory;
  private final List<Worker> workers = new ArrayList<>();

  /** Whether {@link #drain} was called, and {@link #undrain} was not called since. */
  private volatile boolean draining;

  /** Whether new requests are rejected for good: the service stops, or a worker has ended. */
  private volatile boolean stopping;

  /** Creates an engine that does nothing before {@link #start}. The engine closes the models. */
  public InferenceEngine(Settings settings, ResidentModels models, EngineListener listener) {
    WorkerSettings workerSettings = settings.workers();
    this.queue =
        new AdmissionQueue(
            settings.slots(), settings.slotsPerClient(), settings.queueCapacity(), workerSettings);
    this.models = models;
    this.listener = listener;
    this.memory = settings.memory();
    DecodeLoop.Shared shared =
        new DecodeLoop.Shared(queue, models, listener, settings.queueTimeout());
    Worker.ExitListener exitHandler = new WorkerExitHandler();
    Device device = workerSettings.device();
    for (int index = 0; index < workerSettings.count(); index++) {
      workers.add(new Worker(index, device, shared, exitHandler));
    }
    models.connect(workers.size(), listener, () -> workers.forEach(Worker::wake));
    queue.setFusedSlotsSource(models::fusedSlots);
    queue.setNextListener(worker -> workers.get(worker).wake());
  }

  /** Starts the workers. */
  public void start() {
    workers.forEach(Worker::start);
  }

  /**
   * Queues a request.
   *
   * @return its stream, which reports if the request is rejected after all
   * @throws RejectedException if the queue is full, there is no model, or the engine drains
   */
  public GenerationStream submit(GenerationRequest request) {
    return submit(List.of(RequestGroup.of(request))).get(0);
  }

  /**
   * Queues all requests or none. The requests of a group get their slots at the same time.
   *
   * @param groups each of up to {@link #maxGroupSize} requests, up to {@link #maxRequests} in all
   * @return their streams, which report if a request is rejected after all
   * @throws RejectedException if the queue is full, there is no model, or the engine drains
   */
  public List<GenerationStream> submit(List<RequestGroup> groups) {
    if (draining()) {
      throw rejected(new Rejection.Draining());
    }
    if (models.current().isEmpty()) {
      throw rejected(new Rejection.NoModel());
    }
    List<QueuedRequest> all = groups.stream().map(this::queued).toList();
    if (!queue.offer(all)) {
      throw rejected(new Rejection.QueueFull(queue.capacity(), queue.retryAfter()));
    }
    return all.stream()
        .flatMap(request -> request.choices().stream())
        .map(QueuedRequest.Choice::stream)
        .toList();
  }

  private QueuedRequest queued(RequestGroup group) {
    return new QueuedRequest(
        group.requests().stream()
            .map(request -> new QueuedRequest.Choice(request, new GenerationStream(memory)))
            .toList(),
        System.nanoTime(),
        group.client());
  }

  private RejectedException rejected(Rejection rejection) {
    listener.rejected(rejection);
    return new RejectedException(rejection);
  }

  /** Returns whether new requests are decoded by the persistent kernel. */
  public boolean decodesFused() {
    return models.fusedSlots() > 0;
  }

  /** Returns the largest number of requests that run and wait at once. */
  public int maxRequests() {
    return queue.maxRequests();
  }

  /** Returns the largest number of requests that can share a prompt. */
  public int maxGroupSize() {
    return queue.maxGroupSize();
  }

  /** Returns how many requests have a slot. */
  public int running() {
    return queue.running();
  }

  /** Returns how many requests wait for a slot. */
  public int waiting() {
    return queue.size();
  }

  /** Returns whether new requests are rejected. */
  public boolean draining() {
    return draining || stopping;
  }

  /** Returns how long ago the slowest worker began its last iteration. */
  public Duration sinceLastIteration() {
    long oldest = workers.stream().mapToLong(Worker::lastIterationNanos).min().orElseThrow();
    return Duration.ofNanos(System.nanoTime() - oldest);
  }

  /** Returns the resident models. */
  public ResidentModels models() {
    return models;
  }

  /**
   * Rejects new requests and waits until those that were accepted have ended.
   *
   * @return false if the time was up first
   */
  public boolean drain(Duration time) {
    draining = true;
    try {
      return queue.awaitIdle(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Accepts requests again after {@link #drain}.
   *
   * @return false if the engine is stopping or has stopped
   */
  public boolean undrain() {
    draining = false;
    return !stopping;
  }

  /** Rejects new requests for good, as before {@link #close}. */
  public void prepareToStop() {
    stopping = true;
  }

  /** Ends every running request, waits for the workers and frees the models. */
  @Override
  public void close() {
    prepareToStop();
    workers.forEach(Worker::stop);
    try {
      for (Worker worker : workers) {
        worker.join();
      }
      models.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The handler of a worker's exit. It rejects new and waiting requests. */
  private final class WorkerExitHandler implements Worker.ExitListener {
    @Override
    public void workerEnds() {
      prepareToStop();
    }

    @Override
    public void workerEnded() {
      for (QueuedRequest request : queue.removeIf(each -> true)) {
        request.reject(new Rejection.Draining());
        listener.rejected(new Rejection.Draining());
      }
    }
  }
}
