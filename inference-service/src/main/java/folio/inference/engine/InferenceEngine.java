package folio.inference.engine;

import ai.djl.Device;
import folio.inference.decoding.Decoder;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.Refusal;
import folio.inference.generation.RefusedException;
import folio.inference.serving.ModelHandover;
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
   * @param lanes what they are spread over
   * @param queueCapacity most requests that wait
   * @param queueTimeout longest time in the queue
   */
  public record Settings(int slots, Lanes lanes, int queueCapacity, Duration queueTimeout) {}

  private final AdmissionQueue queue;
  private final ModelHandover handover;
  private final ModelRotation models;
  private final EngineListener listener;
  private final Device device;
  private final List<Lane> lanes = new ArrayList<>();
  private volatile boolean draining;
  private volatile boolean closed;

  /** An engine that does nothing before {@link #start}. */
  public InferenceEngine(Settings settings, ModelHandover handover, EngineListener listener) {
    this.queue = new AdmissionQueue(settings.slots(), settings.queueCapacity(), settings.lanes());
    this.handover = handover;
    this.models = new ModelRotation(settings.lanes().count(), handover, listener);
    this.listener = listener;
    this.device = settings.lanes().device();
    DecodeLoop.Shared shared =
        new DecodeLoop.Shared(queue, models, listener, settings.queueTimeout());
    for (int lane = 0; lane < settings.lanes().count(); lane++) {
      lanes.add(new Lane(lane, shared));
    }
  }

  /** Starts the lanes. */
  public void start() {
    handover.onOffer(this::wake);
    models.onChange(this::wake);
    queue.onChip(models::placesOnChip);
    queue.onNext(lane -> LockSupport.unpark(lanes.get(lane).thread));
    lanes.forEach(lane -> lane.thread.start());
  }

  /**
   * Queues a request.
   *
   * @return its stream, which tells whether it is run after all
   * @throws RefusedException if the queue is full, there is no model, or the engine drains
   */
  public GenerationStream submit(GenerationRequest request) {
    return submit(List.of(List.of(request))).get(0);
  }

  /**
   * Queues requests, all or none. Those of one list share a prompt and a model: they get their
   * slots at the same time, and one reads the prompt for all, but on a chip.
   *
   * @param groups up to {@link #mostTogether} in each, up to {@link #mostAtOnce} in all
   * @return their streams, which tell whether they are run after all
   * @throws RefusedException if the queue is full, there is no model, or the engine drains
   */
  public List<GenerationStream> submit(List<List<GenerationRequest>> groups) {
    if (draining) {
      throw refused(new Refusal.Draining());
    }
    if (handover.current().isEmpty()) {
      throw refused(new Refusal.NoModel());
    }
    List<Waiting> all =
        groups.stream()
            .map(
                requests ->
                    new Waiting(
                        requests.stream()
                            .map(request -> new Waiting.Choice(request, new GenerationStream()))
                            .toList(),
                        System.nanoTime()))
            .toList();
    if (!queue.offer(all)) {
      throw refused(new Refusal.QueueFull(queue.capacity(), queue.retryAfter()));
    }
    return all.stream()
        .flatMap(waiting -> waiting.choices().stream())
        .map(Waiting.Choice::stream)
        .toList();
  }

  /** Whether new requests are decoded on a chip. */
  public boolean decodesOnChip() {
    return models.placesOnChip() > 0;
  }

  /** Most requests that run and wait at once. */
  public int mostAtOnce() {
    return queue.most();
  }

  /** Most requests that can share a prompt. */
  public int mostTogether() {
    return queue.mostInALane();
  }

  private RefusedException refused(Refusal refusal) {
    listener.refused(refusal);
    return new RefusedException(refusal);
  }

  private void wake() {
    lanes.forEach(lane -> LockSupport.unpark(lane.thread));
  }

  /** A thread that takes turns. */
  private final class Lane implements Runnable {
    private final DecodeLoop loop;
    private final Thread thread;
    private volatile long lastTurnNanos = System.nanoTime();

    Lane(int lane, DecodeLoop.Shared shared) {
      loop = new DecodeLoop(lane, shared);
      thread = new Thread(this, "decode-lane-" + lane);
      thread.setDaemon(true);
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // a hint is all that is meant
    public void run() {
      Decoder.prepareThread(device);
      try {
        while (!closed) {
          lastTurnNanos = System.nanoTime();
          if (!takeTurn()) {
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
    private boolean takeTurn() {
      try {
        return loop.turn();
      } catch (RuntimeException | OutOfMemoryError e) {
        listener.failed(0, e);
        return false;
      }
    }
  }

  private void refuseQueued() {
    for (Waiting waiting : queue.removeIf(each -> true)) {
      waiting.refuse(new Refusal.Draining());
      listener.refused(new Refusal.Draining());
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
  public Duration sinceLastTurn() {
    long oldest = lanes.stream().mapToLong(lane -> lane.lastTurnNanos).min().orElseThrow();
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
      for (Lane lane : lanes) {
        lane.thread.join();
      }
      models.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
