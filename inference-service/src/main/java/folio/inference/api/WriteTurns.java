package folio.inference.api;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What is ready to be written on one event loop, one task there for all streams that are. Below
 * {@link #BUSY_WRITES} a turn begins at once; above, it waits until {@link #PAUSE} has passed since
 * the last, so that every write carries what a stream got meanwhile.
 */
final class WriteTurns {
  /** Longest time that a character waits for others. */
  static final Duration PAUSE = Duration.ofMillis(5);

  /** Writes within a {@link #PAUSE} from which on turns wait: 5,000 a second. */
  static final int BUSY_WRITES = 25;

  private final EventLoop eventLoop;
  private final Queue<Runnable> ready = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private volatile boolean busy;
  private volatile long lastTurnNanos = System.nanoTime();
  private long windowNanos = lastTurnNanos;
  private int windowWrites;

  WriteTurns(EventLoop eventLoop) {
    this.eventLoop = eventLoop;
  }

  /** Has a write run on the event loop; any thread. It must not throw. */
  @SuppressWarnings("FutureReturnValueIgnored") // nothing to learn from it
  void add(Runnable write) {
    ready.add(write);
    if (!scheduled.compareAndSet(false, true)) {
      return;
    }
    long nanos = busy ? lastTurnNanos + PAUSE.toNanos() - System.nanoTime() : 0;
    if (nanos > 0) {
      eventLoop.schedule(this::turn, nanos, TimeUnit.NANOSECONDS);
    } else {
      eventLoop.execute(this::turn);
    }
  }

  private void turn() {
    scheduled.set(false);
    for (Runnable write = ready.poll(); write != null; write = ready.poll()) {
      write.run();
      windowWrites++;
    }
    lastTurnNanos = System.nanoTime();
    long nanos = lastTurnNanos - windowNanos;
    if (nanos >= PAUSE.toNanos()) {
      busy = windowWrites * PAUSE.toNanos() > BUSY_WRITES * nanos;
      windowNanos = lastTurnNanos;
      windowWrites = 0;
    }
  }
}
