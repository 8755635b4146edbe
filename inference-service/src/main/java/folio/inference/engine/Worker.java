package folio.inference.engine;

import ai.djl.Device;
import folio.inference.decoding.Decoder;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * A decode thread: it runs the iterations of a {@link DecodeLoop}, and parks while there is nothing
 * to do. {@link #start}, {@link #stop} and {@link #join} belong to the engine; {@link #wake} may be
 * called by any thread.
 */
final class Worker {
  /** A listener that is called on the worker's thread when it exits. */
  interface ExitListener {
    /** Receives the exit of a worker, before it ends its sequences. */
    void workerEnds();

    /** Receives the exit of a worker, after it has ended its sequences. */
    void workerEnded();
  }

  /** An idle worker looks at its queue this often, so that requests time out and liveness shows. */
  private static final Duration IDLE_PAUSE = Duration.ofMillis(20);

  private final Device device;
  private final DecodeLoop loop;
  private final EngineListener listener;
  private final ExitListener exitListener;
  private final Thread thread;
  private volatile long lastIterationNanos = System.nanoTime();
  private volatile boolean stopped;

  /** Creates a worker that is not started. */
  Worker(int index, Device device, DecodeLoop.Shared shared, ExitListener exitListener) {
    this.device = device;
    this.loop = new DecodeLoop(index, shared);
    this.listener = shared.listener();
    this.exitListener = exitListener;
    this.thread = new Thread(this::run, "decode-worker-" + index);
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Ends the thread's pause, if it parks. */
  void wake() {
    LockSupport.unpark(thread);
  }

  /** Lets the thread end after its present iteration. */
  void stop() {
    stopped = true;
    wake();
  }

  /** Waits until the thread has ended. */
  void join() throws InterruptedException {
    thread.join();
  }

  /** Returns when the last iteration began, by {@link System#nanoTime}. */
  long lastIterationNanos() {
    return lastIterationNanos;
  }

  @SuppressWarnings("ThreadPriorityCheck") // Thread.yield is a hint here; nothing depends on it
  private void run() {
    Decoder.prepareThread(device);
    try {
      while (!stopped) {
        lastIterationNanos = System.nanoTime();
        if (!iterate()) {
          LockSupport.parkNanos(IDLE_PAUSE.toNanos());
        } else if (!device.isGpu()) {
          Thread.yield(); // event loops write now, not when the scheduler interrupts a step
        }
      }
    } finally {
      // Whatever ends the loop, no client waits in vain; the liveness probe reports it.
      exitListener.workerEnds();
      loop.close();
      exitListener.workerEnded();
    }
  }

  /** Runs an iteration; an error outside of any generation does not end the loop. */
  private boolean iterate() {
    try {
      return loop.iterate();
    } catch (RuntimeException | OutOfMemoryError e) {
      listener.failed(0, e);
      return false;
    }
  }
}
