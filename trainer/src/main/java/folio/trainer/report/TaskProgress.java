package folio.trainer.report;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * The progress of work of a known size that may be over in a moment: nothing in its first second,
 * then a bar on a terminal, and lines with rate and time left elsewhere. Owned by one thread.
 */
public final class TaskProgress implements AutoCloseable {
  private static final double NANOS = 1e9;
  private static final long QUIET_NANOS = 1_000_000_000;

  private final PrintStream out;
  private final boolean terminal;
  private final String name;
  private final String unit;
  private final LongSupplier nanoTime;
  private final long startNanos;
  private Console console;
  private long reportedNanos;

  /**
   * Creates the progress of work that begins now, on the standard error stream.
   *
   * @param terminal whether the stream is a terminal
   * @param name the name of the work, a word
   * @param unit the noun of what is counted
   */
  public TaskProgress(boolean terminal, String name, String unit) {
    this(System.err, terminal, name, unit, System::nanoTime);
  }

  /** Creates the progress on another stream, which stays open, by another clock. */
  TaskProgress(PrintStream out, boolean terminal, String name, String unit, LongSupplier nanoTime) {
    this.out = out;
    this.terminal = terminal;
    this.name = name;
    this.unit = unit;
    this.nanoTime = nanoTime;
    this.startNanos = nanoTime.getAsLong();
    this.reportedNanos = startNanos;
  }

  /**
   * Reports how much is done.
   *
   * @param done the number of units that are done
   * @param total the number of all units
   */
  public void reached(long done, long total) {
    long now = nanoTime.getAsLong();
    if (now - startNanos < QUIET_NANOS) {
      return;
    }
    if (console == null) {
      console = new Console(out, terminal, new Console.Task(name, unit, 0, total));
    }
    console.step(done);
    if (!console.hasBar() && now - reportedNanos > console.intervalNanos()) {
      reportedNanos = now;
      console.progress(done, rate(done, total, (now - startNanos) / NANOS));
    }
  }

  private static String rate(long done, long total, double seconds) {
    double perSecond = done / seconds;
    String left = Durations.format((total - done) / perSecond);
    return String.format(Locale.ROOT, "%,.0f/s, %s left", perSecond, left);
  }

  /** Removes the bar. */
  @Override
  public void close() {
    if (console != null) {
      console.close();
    }
  }
}
