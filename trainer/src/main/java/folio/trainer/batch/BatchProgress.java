package folio.trainer.batch;

import folio.trainer.report.Console;
import folio.trainer.report.Durations;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/** The progress of a batch on the console. Owned by the thread that writes the answers. */
public final class BatchProgress implements AutoCloseable {
  private static final double NANOS = 1e9;

  private final Console console;
  private final int total;
  private final int before;
  private final LongSupplier nanoTime;
  private final long startNanos;
  private long reportedNanos;
  private long characters;

  /**
   * Starts the progress bar, on a terminal.
   *
   * @param out the stream to print to; it stays open
   * @param terminal whether the stream is a terminal
   * @param before the number of requests that were answered before
   * @param total the number of all requests
   */
  public BatchProgress(PrintStream out, boolean terminal, int before, int total) {
    this(
        new Console(out, terminal, new Console.Task("generate", "request", before, total)),
        before,
        total,
        System::nanoTime);
  }

  /** Starts the progress of a batch on a console, by another clock. */
  BatchProgress(Console console, int before, int total, LongSupplier nanoTime) {
    this.before = before;
    this.total = total;
    this.console = console;
    this.nanoTime = nanoTime;
    this.startNanos = nanoTime.getAsLong();
    this.reportedNanos = startNanos;
    if (before > 0) {
      console.line("continuing after " + before + " of " + total + " requests");
    }
  }

  /** Reports the progress after an answer, at most once per interval of the console. */
  void answered(AnswersFile answers, long newCharacters) {
    characters += newCharacters;
    console.step(answers.answered());
    long now = nanoTime.getAsLong();
    if (now - reportedNanos > console.intervalNanos()) {
      reportedNanos = now;
      console.progress(answers.answered(), figures(answers, (now - startNanos) / NANOS));
    }
  }

  private String figures(AnswersFile answers, double seconds) {
    double perSecond = (answers.answered() - before) / seconds;
    String left = Durations.format((total - answers.answered()) / perSecond);
    String rate = String.format(Locale.ROOT, "%,.0f characters/s", characters / seconds);
    if (!console.hasBar()) { // the bar shows these on its own
      rate += String.format(Locale.ROOT, ", %.1f requests/s, %s left", perSecond, left);
    }
    return answers.failed() == 0 ? rate : rate + ", failed: " + answers.failed();
  }

  /** Prints a line above the bar. */
  public void line(String text) {
    console.line(text);
  }

  /** Removes the bar. */
  @Override
  public void close() {
    console.close();
  }
}
