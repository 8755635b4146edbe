package folio.inference.api.http;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The pending writes of all streams on one event loop. A flush runs them in one task: at once, or
 * under load {@link #PAUSE} after the first write is added, so that each write carries all
 * characters that its stream receives meanwhile.
 */
final class WriteCoalescer {
  /** The longest time that a character waits for others. */
  private static final Duration PAUSE = Duration.ofMillis(5);

  private static final Logger LOG = Logger.getLogger(WriteCoalescer.class);

  private final EventLoop eventLoop;
  private final LoadMeter load;
  private List<Runnable> pending = new ArrayList<>();

  WriteCoalescer(EventLoop eventLoop, LoadMeter load) {
    this.eventLoop = eventLoop;
    this.load = load;
  }

  /** Runs a write on the event loop, soon. May be called by any thread. */
  @SuppressWarnings("FutureReturnValueIgnored") // a flush reports its own failures
  void add(Runnable write) {
    synchronized (this) {
      pending.add(write);
      if (pending.size() > 1) {
        return; // a flush is scheduled already
      }
    }
    if (load.busy()) {
      eventLoop.schedule(this::flush, PAUSE.toNanos(), TimeUnit.NANOSECONDS);
    } else {
      eventLoop.execute(this::flush);
    }
  }

  /**
   * Runs the writes that are pending now. A write that is added meanwhile waits for the next flush,
   * so that the event loop's other tasks run in between.
   */
  private void flush() {
    List<Runnable> writes;
    synchronized (this) {
      writes = pending;
      pending = new ArrayList<>();
    }
    for (Runnable write : writes) {
      try {
        write.run();
      } catch (RuntimeException e) {
        LOG.error("Stream write failed", e); // and must not stop the other writes
      }
    }
  }
}
