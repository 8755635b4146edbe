package folio.inference.api.http;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** How many characters a second are written to all clients together. Safe for any thread. */
final class LoadMeter {
  /** From so many characters a second on, those of a stream are worth waiting for. */
  static final int BUSY_CHARACTERS = 5000;

  private static final Duration WINDOW = Duration.ofMillis(50);

  private final LongSupplier nanoClock;
  private final LongAdder characters = new LongAdder();
  private final AtomicLong windowNanos;
  private volatile boolean busy;

  LoadMeter() {
    this(System::nanoTime);
  }

  /** With a clock in nanoseconds. */
  LoadMeter(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    this.windowNanos = new AtomicLong(nanoClock.getAsLong());
  }

  /** Counts what was written. */
  void wrote(int count) {
    characters.add(count);
    long now = nanoClock.getAsLong();
    long begin = windowNanos.get();
    if (now - begin > WINDOW.toNanos() && windowNanos.compareAndSet(begin, now)) {
      busy =
          characters.sumThenReset() * Duration.ofSeconds(1).toNanos() / (now - begin)
              > BUSY_CHARACTERS;
    }
  }

  /** Whether the last moments were busy; not if nothing was written since. */
  boolean busy() {
    return busy && nanoClock.getAsLong() - windowNanos.get() < 2 * WINDOW.toNanos();
  }
}
