package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoadMeterTest {
  private final AtomicLong nanos = new AtomicLong();
  private final LoadMeter load = new LoadMeter(nanos::get);

  /** Writes evenly for a quarter of a second. */
  private void write(int charactersPerSecond) {
    for (int i = 0; i < 250; i++) {
      nanos.addAndGet(Duration.ofMillis(1).toNanos());
      load.add(charactersPerSecond / 1000);
    }
  }

  @Test
  void isNotBusyBelowTheThreshold() {
    assertThat(load.busy()).isFalse();
    write(LoadMeter.BUSY_CHARACTERS_PER_SECOND);
    assertThat(load.busy()).isFalse();
  }

  @Test
  void isBusyOnlyWhileTheLoadExceedsTheThreshold() {
    write(2 * LoadMeter.BUSY_CHARACTERS_PER_SECOND);
    assertThat(load.busy()).isTrue();
    write(1000);
    assertThat(load.busy()).isFalse();
  }

  @Test
  void isNotBusyAfterAPause() {
    write(2 * LoadMeter.BUSY_CHARACTERS_PER_SECOND);
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(load.busy()).isFalse();
  }
}
