package folio.inference.api;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What is ready to be written on one event loop, one task there for all streams that are. A turn
 * begins at once, or under load {@link #PAUSE} after the first write is ready, so that every write
 * carries what its stream gets meanwhile.
 */
final class WriteTurns {
  /** Longest time that a character waits for others. */
  private static final Duration PAUSE = Duration.ofMillis(5);

  private final EventLoop eventLoop;
  private final WriteLoad load;
  private final Queue<Runnable> ready = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();

  WriteTurns(EventLoop eventLoop, WriteLoad load) {
    this.eventLoop = eventLoop;
    this.load = load;
  }

  /** Has a write run on the event loop; any thread. It must not throw. */
  @SuppressWarnings("FutureReturnValueIgnored") // nothing to learn from it
  void add(Runnable write) {
    ready.add(write);
    if (!scheduled.compareAndSet(false, true)) {
      return;
    }
    if (load.busy()) {
      eventLoop.schedule(this::turn, PAUSE.toNanos(), TimeUnit.NANOSECONDS);
    } else {
      eventLoop.execute(this::turn);
    }
  }

  private void turn() {
    scheduled.set(false);
    for (Runnable write = ready.poll(); write != null; write = ready.poll()) {
      write.run();
    }
  }
}
