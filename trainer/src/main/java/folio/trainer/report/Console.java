package folio.trainer.report;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
import picocli.CommandLine.Help.Ansi;

/**
 * Shows a run: a bar and colours on a terminal, plain lines elsewhere. Owned by the training
 * thread, except that the bar draws itself from a thread of its own.
 */
public final class Console implements AutoCloseable {
  private static final String CLEAR_LINE = "\r\u001b[K";
  private static final int REDRAW_MILLIS = 200;

  private final PrintStream out;
  private final boolean terminal;
  private final ProgressBar bar;
  private final long totalSteps;

  /**
   * A display of one run.
   *
   * @param out where to
   * @param terminal whether it is a terminal that a person looks at
   * @param steps steps taken already
   * @param totalSteps steps of the whole run
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
        .setConsumer(new Line())
        .showSpeed()
        .startsFrom(steps, Duration.ZERO)
        .build();
  }

  /** Draws the bar on one line that is written over. */
  private final class Line implements ProgressBarConsumer {
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

  /** What the bar shows beside how far the run is. */
  public record Speed(double lossNats, double learningRate, double charactersPerSecond) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "loss %.3f lr %.1e %,.0f char/s",
          lossNats,
          learningRate,
          charactersPerSecond);
    }
  }

  /** Moves the bar; says nothing where there is none. */
  public void step(long stepsTaken) {
    if (bar != null) {
      bar.stepTo(stepsTaken);
    }
  }

  /** Shows how training goes: beside the bar, or as a line. */
  public void progress(long stepsTaken, Speed speed) {
    if (bar != null) {
      bar.setExtraMessage(" " + speed);
    } else {
      line("step " + stepsTaken + "/" + totalSteps + " " + speed);
    }
  }

  /** Prints a line that stays. */
  public void line(String text) {
    synchronized (out) {
      out.println((terminal ? CLEAR_LINE : "") + text);
      out.flush();
    }
  }

  /** Prints a warning, in yellow on a terminal. */
  public void warn(String text) {
    line(colours().string("@|yellow warning:|@ ") + text);
  }

  /** What colours text here. */
  public Ansi colours() {
    return terminal ? Ansi.ON : Ansi.OFF;
  }

  /** Takes the bar away. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
