package folio.inference.api.http;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** A meter of the characters written to all clients. Safe for any thread. */
final class LoadMeter {
  /** The load, in characters/s, above which a write may wait so that it carries more characters. */
  static final int BUSY_CHARACTERS_PER_SECOND = 5000;

  private static final Duration WINDOW = Duration.ofMillis(50);

  private final LongSupplier nanoClock;
  private final LongAdder characters = new LongAdder();
  private final AtomicLong windowStartNanos;
  private volatile boolean busy;

  LoadMeter() {
    this(System::nanoTime);
  }

  /** Creates a meter with a clock that returns nanoseconds. */
  LoadMeter(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    this.windowStartNanos = new AtomicLong(nanoClock.getAsLong());
  }

  /** Adds written characters; the first call after the end of a window closes it. */
  void add(int writtenCharacters) {
    characters.add(writtenCharacters);
    long now = nanoClock.getAsLong();
    long start = windowStartNanos.get();
    if (now - start > WINDOW.toNanos() && windowStartNanos.compareAndSet(start, now)) {
      busy =
          characters.sumThenReset() * Duration.ofSeconds(1).toNanos() / (now - start)
              > BUSY_CHARACTERS_PER_SECOND;
    }
  }

  /** Returns whether the last window was busy; false if it ended two windows ago or earlier. */
  boolean busy() {
    return busy && nanoClock.getAsLong() - windowStartNanos.get() < 2 * WINDOW.toNanos();
  }
}
