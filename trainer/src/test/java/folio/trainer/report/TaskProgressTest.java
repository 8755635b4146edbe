package folio.trainer.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TaskProgressTest {
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final AtomicLong nanos = new AtomicLong();

  /** Reads 100 units a second. */
  private String read(boolean terminal, int tenths) {
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    try (TaskProgress progress = new TaskProgress(out, terminal, "read", "MiB", nanos::get)) {
      for (int i = 1; i <= tenths; i++) {
        nanos.addAndGet(Duration.ofMillis(100).toNanos());
        progress.reached(10L * i, 10_000);
      }
    }
    return printed.toString(StandardCharsets.UTF_8);
  }

  @Test
  void printsLinesWithRateAndTimeLeft() {
    assertThat(read(false, 210))
        .isEqualTo(
            """
            MiB 1010/10000 100/s, 0:01:30 left
            MiB 2020/10000 100/s, 0:01:20 left
            """);
  }

  @Test
  void showsABarOnATerminal() {
    assertThat(read(true, 30)).contains("read", "/10000");
  }

  @Test
  void printsNothingInTheFirstSecond() {
    assertThat(read(true, 9)).isEmpty();
  }
}
