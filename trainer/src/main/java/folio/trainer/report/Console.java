package folio.trainer.report;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * The console of a run: a progress bar and colours on a terminal, plain lines elsewhere. Owned by
 * the training thread; the bar draws itself on a thread of its own, so writers lock the stream.
 */
public final class Console implements AutoCloseable {
  private static final String CLEAR_LINE = "\r\u001b[K";
  private static final int REDRAW_MILLIS = 200;

  private final PrintStream out;
  private final boolean terminal;
  private final ProgressBar bar;
  private final long totalSteps;

  /**
   * Creates a console, and starts its progress bar on a terminal.
   *
   * @param out the stream to print to; it stays open
   * @param terminal whether the stream is a terminal
   * @param steps the number of steps taken before
   * @param totalSteps the number of steps of the run
   */
  public Console(PrintStream out, boolean terminal, long steps, long totalSteps) {
    this.out = out;
    this.terminal = terminal;
    this.totalSteps = totalSteps;
    this.bar = terminal ? startBar(steps) : null;
  }

  private ProgressBar startBar(long steps) {
    return new ProgressBarBuilder()
        .setTaskName("train")
        .setInitialMax(totalSteps)
        .setUpdateIntervalMillis(REDRAW_MILLIS)
        .setStyle(ProgressBarStyle.ASCII)
        .setConsumer(new OverwrittenLine())
        .showSpeed()
        .startsFrom(steps, Duration.ZERO)
        .build();
  }

  /** Draws the bar on one line, over what it drew before. */
  private final class OverwrittenLine implements ProgressBarConsumer {
    private static final int WIDTH = 110;

    @Override
    public int getMaxRenderedLength() {
      return WIDTH;
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
  }

  /** Moves the bar; does nothing where there is none. */
  public void step(long stepsTaken) {
    if (bar != null) {
      bar.stepTo(stepsTaken);
    }
  }

  /** Shows loss and speed: next to the bar, or as a line. */
  public void progress(long stepsTaken, Speed speed) {
    if (bar != null) {
      bar.setExtraMessage(" " + speed);
    } else {
      line("step " + stepsTaken + "/" + totalSteps + " " + speed);
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
