package folio.trainer.report;

import java.io.PrintStream;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Duration;
import java.util.Locale;
import java.util.function.IntSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * The console of a command: a progress bar and colours on a terminal, plain lines elsewhere. Owned
 * by one thread; the bar draws itself on a thread of its own, so writers lock the stream.
 */
public final class Console implements AutoCloseable {
  private static final String CLEAR_LINE = "\r\u001b[K";
  private static final int REDRAW_MILLIS = 200;

  /** From this number of columns on, there is room for all figures next to the bar. */
  private static final int WIDE = 110;

  private static final long TERMINAL_INTERVAL_NANOS = 1_000_000_000L;
  private static final long PLAIN_INTERVAL_NANOS = 10_000_000_000L;

  private final PrintStream out;
  private final boolean terminal;
  private final IntSupplier columns;
  private final ProgressBar bar;
  private final Task task;

  /**
   * The work whose progress is shown.
   *
   * @param name the command
   * @param unit the noun of what is counted
   * @param done the number of units that were done before
   * @param total the number of all units
   */
  public record Task(String name, String unit, long done, long total) {}

  /**
   * Creates a console, and starts its progress bar on a terminal.
   *
   * @param out the stream to print to; it stays open
   * @param terminal whether the stream is a terminal
   */
  public Console(PrintStream out, boolean terminal, Task task) {
    this(out, terminal, terminal ? TerminalWidth::columns : () -> TerminalWidth.DEFAULT, task);
  }

  /**
   * Creates a console on a terminal of another width.
   *
   * @param columns returns the number of columns of the terminal
   */
  Console(PrintStream out, boolean terminal, IntSupplier columns, Task task) {
    this.out = out;
    this.terminal = terminal;
    this.columns = columns;
    this.task = task;
    this.bar = terminal ? startBar(task) : null;
  }

  private ProgressBar startBar(Task task) {
    return new ProgressBarBuilder()
        .setTaskName(task.name())
        .setInitialMax(task.total())
        .setUpdateIntervalMillis(REDRAW_MILLIS)
        .setStyle(ProgressBarStyle.ASCII)
        .setConsumer(new OverwrittenLine())
        .showSpeed(new DecimalFormat("#,##0.#", DecimalFormatSymbols.getInstance(Locale.ROOT)))
        .startsFrom(task.done(), Duration.ZERO)
        .build();
  }

  /**
   * Draws the bar on one line, over what it drew before. The line is as wide as the terminal is
   * now, because a longer one would wrap, and each redraw would leave a line behind.
   */
  private final class OverwrittenLine implements ProgressBarConsumer {
    @Override
    public int getMaxRenderedLength() {
      return columns.getAsInt() - 1; // a character in the last column may wrap
    }

    @Override
    public void accept(String rendered) {
      synchronized (out) {
        out.print(CLEAR_LINE + rendered);
        out.flush();
      }
    }

    @Override
    public void close() {
      synchronized (out) {
        out.println();
      }
    }
  }

  /**
   * The figures that are shown next to the number of steps.
   *
   * @param lossNats the mean training loss since the last figures, in nats per character
   */
  public record Speed(double lossNats, double learningRate, double charactersPerSecond) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "loss %.3f lr %.1e %,.0f characters/s",
          lossNats,
          learningRate,
          charactersPerSecond);
    }

    /** Returns the figure that a narrow terminal has room for. */
    String brief() {
      return String.format(Locale.ROOT, "loss %.3f", lossNats);
    }
  }

  /**
   * Returns whether there is a bar, which shows the number of units, their rate and the time left.
   */
  public boolean hasBar() {
    return bar != null;
  }

  /** Returns the time between two calls of {@link #progress}, in nanoseconds. */
  public long intervalNanos() {
    return terminal ? TERMINAL_INTERVAL_NANOS : PLAIN_INTERVAL_NANOS;
  }

  /** Returns the number of columns that a line may have. */
  public int columns() {
    return columns.getAsInt();
  }

  /** Moves the bar; does nothing where there is none. */
  public void step(long done) {
    if (bar != null) {
      bar.stepTo(done);
    }
  }

  /** Shows figures, such as {@link Speed}: next to the bar, or as a line. */
  public void progress(long done, Object figures) {
    if (bar != null) {
      boolean brief = columns() < WIDE && figures instanceof Speed;
      bar.setExtraMessage(" " + (brief ? ((Speed) figures).brief() : figures));
    } else {
      line(task.unit() + " " + done + "/" + task.total() + " " + figures);
    }
  }

  /** Prints a line above the bar. */
  public void line(String text) {
    synchronized (out) {
      out.println((terminal ? CLEAR_LINE : "") + text);
      out.flush();
    }
  }

  /** Prints a warning; its first word is yellow on a terminal. */
  public void warn(String text) {
    line(colours().yellow("warning:") + " " + text);
  }

  /** Returns the colours that this console can show. */
  public Ansi colours() {
    return terminal ? Ansi.ON : Ansi.OFF;
  }

  /** Removes the bar. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
