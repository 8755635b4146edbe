package folio.inference.engine;

import folio.inference.decoding.Decoder;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.Refusal;
import folio.inference.generation.RefusedException;
import folio.inference.serving.ModelHandover;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Where requests go in. {@link #submit} may be called by any thread; one thread of the engine's own
 * takes the turns. The owner calls {@link #start}, {@link #drain} and {@link #close}, in this
 * order.
 */
public final class InferenceEngine implements AutoCloseable {
  /** An idle loop looks around this often, so that requests time out and liveness is seen. */
  private static final Duration IDLE_PAUSE = Duration.ofMillis(20);

  /**
   * Bounds.
   *
   * @param slots most requests that run at once
   * @param threads that compute; on a GPU, that choose characters
   * @param queueCapacity most requests that wait
   * @param queueTimeout longest time in the queue
   */
  public record Settings(int slots, int threads, int queueCapacity, Duration queueTimeout) {}

  private final AdmissionQueue queue;
  private final ModelHandover handover;
  private final EngineListener listener;
  private final DecodeLoop loop;
  private final Thread thread = new Thread(this::run, "decode-loop");
  private final CountDownLatch idle = new CountDownLatch(1);
  private volatile boolean draining;
  private volatile boolean closed;
  private volatile long lastTurnNanos = System.nanoTime();

  /** An engine that does nothing before {@link #start}. */
  public InferenceEngine(Settings settings, ModelHandover handover, EngineListener listener) {
    this.queue = new AdmissionQueue(settings.slots(), settings.queueCapacity());
    this.handover = handover;
    this.listener = listener;
    this.loop =
        new DecodeLoop(
            new DecodeLoop.Settings(settings.slots(), settings.threads(), settings.queueTimeout()),
            queue,
            handover,
            listener);
  }

  /** Starts the decode thread. */
  public void start() {
    handover.onOffer(this::wake);
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Queues a request.
   *
   * @return its stream, which tells whether it is run after all
   * @throws RefusedException if the queue is full, there is no model, or the engine drains
   */
  public GenerationStream submit(GenerationRequest request) {
    if (draining) {
      throw refused(new Refusal.Draining());
    }
    if (handover.current().isEmpty()) {
      throw refused(new Refusal.NoModel());
    }
    GenerationStream stream = new GenerationStream();
    if (!queue.offer(new Waiting(request, stream, System.nanoTime()))) {
      throw refused(new Refusal.QueueFull(queue.capacity(), queue.retryAfter()));
    }
    wake();
    return stream;
  }

  private RefusedException refused(Refusal refusal) {
    listener.refused(refusal);
    return new RefusedException(refusal);
  }

  private void wake() {
    LockSupport.unpark(thread);
  }

  private void run() {
    Decoder.prepareThread();
    try {
      while (!closed) {
        lastTurnNanos = System.nanoTime();
        boolean busy = takeTurn();
        if (draining && loop.running() == 0 && queue.size() == 0) {
          idle.countDown();
        }
        if (!busy) {
          LockSupport.parkNanos(IDLE_PAUSE.toNanos());
        }
      }
    } finally {
      // Whatever ends the loop, nobody waits for it in vain; liveness tells that it stands.
      draining = true;
      loop.close();
      queue.running(0);
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

  /** Requests that have a slot, also those that got it in the turn under way. */
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

  /** How long ago the decode loop began a turn. */
  public Duration sinceLastTurn() {
    return Duration.ofNanos(System.nanoTime() - lastTurnNanos);
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
    wake();
    try {
      return idle.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Ends what still runs, frees the models and waits for the decode thread. */
  @Override
  public void close() {
    draining = true;
    closed = true;
    wake();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
