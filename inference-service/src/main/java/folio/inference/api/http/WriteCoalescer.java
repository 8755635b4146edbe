package folio.inference.api.http;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * What is ready to be written on one event loop, one task there for all streams that are. A turn
 * begins at once, or under load {@link #PAUSE} after the first write is ready, so that every write
 * carries what its stream gets meanwhile.
 */
final class WriteCoalescer {
  /** Longest time that a character waits for others. */
  private static final Duration PAUSE = Duration.ofMillis(5);

  private static final Logger LOG = Logger.getLogger(WriteCoalescer.class);

  private final EventLoop eventLoop;
  private final LoadMeter load;
  private List<Runnable> ready = new ArrayList<>();

  WriteCoalescer(EventLoop eventLoop, LoadMeter load) {
    this.eventLoop = eventLoop;
    this.load = load;
  }

  /** Has a write run on the event loop; any thread. */
  @SuppressWarnings("FutureReturnValueIgnored") // nothing to learn from it
  void add(Runnable write) {
    synchronized (this) {
      ready.add(write);
      if (ready.size() > 1) {
        return; // a turn will come
      }
    }
    if (load.busy()) {
      eventLoop.schedule(this::turn, PAUSE.toNanos(), TimeUnit.NANOSECONDS);
    } else {
      eventLoop.execute(this::turn);
    }
  }

  /**
   * Takes what is ready now: what comes meanwhile has its own turn, after the loop's other work.
   */
  private void turn() {
    List<Runnable> writes;
    synchronized (this) {
      writes = ready;
      ready = new ArrayList<>();
    }
    for (Runnable write : writes) {
      try {
        write.run();
      } catch (RuntimeException e) {
        LOG.error("a stream could not be written", e); // the others can
      }
    }
  }
}
