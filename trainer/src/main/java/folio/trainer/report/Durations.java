package folio.trainer.report;

import java.time.Duration;
import java.util.Locale;

/** Durations as people read them. */
public final class Durations {
  private Durations() {}

  /** Returns a duration in hours, minutes and seconds, such as {@code 1:02:03}. */
  public static String format(Duration duration) {
    return String.format(
        Locale.ROOT,
        "%d:%02d:%02d",
        duration.toHours(),
        duration.toMinutesPart(),
        duration.toSecondsPart());
  }

  /** Returns a number of seconds, rounded, in hours, minutes and seconds. */
  public static String format(double seconds) {
    return format(Duration.ofSeconds(Math.round(seconds)));
  }
}
