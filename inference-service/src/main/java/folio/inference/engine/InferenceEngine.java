package folio.inference.engine;

import ai.djl.Device;
import folio.inference.decoding.Decoder;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.RejectedException;
import folio.inference.generation.Rejection;
import folio.inference.generation.RequestGroup;
import folio.inference.models.ModelHandover;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Where requests go in. {@link #submit} may be called by any thread; every lane has a thread of its
 * own that takes the turns. The owner calls {@link #start}, {@link #drain} and {@link #close}, in
 * this order.
 */
public final class InferenceEngine implements AutoCloseable {
  /** An idle lane looks around this often, so that requests time out and liveness is seen. */
  private static final Duration IDLE_PAUSE = Duration.ofMillis(20);

  /**
   * Bounds.
   *
   * @param slots most requests that run at once
   * @param workers what they are spread over
   * @param queueCapacity most requests that wait
   * @param queueTimeout longest time in the queue
   */
  public record Settings(
      int slots, WorkerSettings workers, int queueCapacity, Duration queueTimeout) {}

  private final AdmissionQueue queue;
  private final ModelHandover handover;
  private final ModelRotation models;
  private final EngineListener listener;
  private final Device device;
  private final List<Worker> workers = new ArrayList<>();
  private volatile boolean draining;
  private volatile boolean closed;

  /** An engine that does nothing before {@link #start}. */
  public InferenceEngine(Settings settings, ModelHandover handover, EngineListener listener) {
    this.queue = new AdmissionQueue(settings.slots(), settings.queueCapacity(), settings.workers());
    this.handover = handover;
    this.models = new ModelRotation(settings.workers().count(), handover, listener);
    this.listener = listener;
    this.device = settings.workers().device();
    DecodeLoop.Shared shared =
        new DecodeLoop.Shared(queue, models, listener, settings.queueTimeout());
    for (int worker = 0; worker < settings.workers().count(); worker++) {
      workers.add(new Worker(worker, shared));
    }
  }

  /** Starts the lanes. */
  public void start() {
    handover.onOffer(this::wake);
    models.onChange(this::wake);
    queue.fused(models::fusedSlots);
    queue.onNext(worker -> LockSupport.unpark(workers.get(worker).thread));
    workers.forEach(worker -> worker.thread.start());
  }

  /**
   * Queues a request.
   *
   * @return its stream, which tells whether it is run after all
   * @throws RejectedException if the queue is full, there is no model, or the engine drains
   */
  public GenerationStream submit(GenerationRequest request) {
    return submit(List.of(RequestGroup.of(request))).get(0);
  }

  /**
   * Queues requests, all or none. The requests of a group get their slots at the same time, and one
   * reads the prompt for all, except with the fused decoder.
   *
   * @param groups up to {@link #maxGroupSize} in each, up to {@link #maxRequests} in all
   * @return their streams, which tell whether they are run after all
   * @throws RejectedException if the queue is full, there is no model, or the engine drains
   */
  public List<GenerationStream> submit(List<RequestGroup> groups) {
    if (draining) {
      throw rejected(new Rejection.Draining());
    }
    if (handover.current().isEmpty()) {
      throw rejected(new Rejection.NoModel());
    }
    List<QueuedRequest> all =
        groups.stream()
            .map(
                group ->
                    new QueuedRequest(
                        group.requests().stream()
                            .map(
                                request ->
                                    new QueuedRequest.Choice(request, new GenerationStream()))
                            .toList(),
                        System.nanoTime()))
            .toList();
    if (!queue.offer(all)) {
      throw rejected(new Rejection.QueueFull(queue.capacity(), queue.retryAfter()));
    }
    return all.stream()
        .flatMap(waiting -> waiting.choices().stream())
        .map(QueuedRequest.Choice::stream)
        .toList();
  }

  /** Whether new requests are decoded on a chip. */
  public boolean decodesFused() {
    return models.fusedSlots() > 0;
  }

  /** Most requests that run and wait at once. */
  public int maxRequests() {
    return queue.most();
  }

  /** Most requests that can share a prompt. */
  public int maxGroupSize() {
    return queue.maxPerWorker();
  }

  private RejectedException rejected(Rejection rejection) {
    listener.rejected(rejection);
    return new RejectedException(rejection);
  }

  private void wake() {
    workers.forEach(worker -> LockSupport.unpark(worker.thread));
  }

  /** A thread that takes turns. */
  private final class Worker implements Runnable {
    private final DecodeLoop loop;
    private final Thread thread;
    private volatile long lastIterationNanos = System.nanoTime();

    Worker(int worker, DecodeLoop.Shared shared) {
      loop = new DecodeLoop(worker, shared);
      thread = new Thread(this, "decode-lane-" + worker);
      thread.setDaemon(true);
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // a hint is all that is meant
    public void run() {
      Decoder.prepareThread(device);
      try {
        while (!closed) {
          lastIterationNanos = System.nanoTime();
          if (!iterate()) {
            LockSupport.parkNanos(IDLE_PAUSE.toNanos());
          } else if (!device.isGpu()) {
            Thread.yield(); // event loops write now, not when the scheduler interrupts a step
          }
        }
      } finally {
        // Whatever ends the loop, nobody waits for it in vain; liveness tells that it stands.
        draining = true;
        loop.close();
        refuseQueued();
      }
    }

    /** A turn that fails outside of any generation must not end the loop. */
    private boolean iterate() {
      try {
        return loop.iterate();
      } catch (RuntimeException | OutOfMemoryError e) {
        listener.failed(0, e);
        return false;
      }
    }
  }

  private void refuseQueued() {
    for (QueuedRequest waiting : queue.removeIf(each -> true)) {
      waiting.reject(new Rejection.Draining());
      listener.rejected(new Rejection.Draining());
    }
  }

  /** Requests that have a slot. */
  public int running() {
    return queue.running();
  }

  /** Requests that wait for a slot. */
  public int waiting() {
    return queue.size();
  }

  /** Whether new requests are refused for good. */
  public boolean draining() {
    return draining;
  }

  /** How long ago the lane that turns least began a turn. */
  public Duration sinceLastIteration() {
    long oldest =
        workers.stream().mapToLong(worker -> worker.lastIterationNanos).min().orElseThrow();
    return Duration.ofNanos(System.nanoTime() - oldest);
  }

  /** Which models are resident. */
  public ModelHandover models() {
    return handover;
  }

  /**
   * Refuses new requests and waits until those that were accepted are done.
   *
   * @return whether they were, within the time
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

  /** Ends what still runs, waits for the lanes and frees the models. */
  @Override
  public void close() {
    draining = true;
    closed = true;
    wake();
    try {
      for (Worker worker : workers) {
        worker.thread.join();
      }
      models.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
