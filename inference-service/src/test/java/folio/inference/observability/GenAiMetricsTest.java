package folio.inference.observability;

import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.Timings;
import folio.inference.generation.Usage;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The metrics of OpenTelemetry's conventions, by how a generation ends. */
class GenAiMetricsTest {
  private static final String DURATION = "gen_ai.server.request.duration";
  private static final String FIRST_TOKEN = "gen_ai.server.time_to_first_token";
  private static final String PER_TOKEN = "gen_ai.server.time_per_output_token";

  private final MeterRegistry registry = new SimpleMeterRegistry();
  private final EngineMetrics metrics = new EngineMetrics(registry);

  /** Ends a generation whose first character took 4 µs, and all of them 10 µs. */
  private void finish(FinishReason reason, int written) {
    Timings timings = new Timings(Duration.ofNanos(1000), Duration.ofNanos(4000), micros(10));
    Usage usage = new Usage(5, written);
    metrics.finished(
        reason, new GenerationEvent.Finished(reason, "version", 1, usage, timings, null));
  }

  private static Duration micros(long count) {
    return Duration.ofNanos(count * 1000);
  }

  private Timer timer(String name) {
    return registry.get(name).tag("gen_ai.operation.name", "text_completion").timer();
  }

  private double tokens(String type) {
    return registry.get("gen_ai.client.inference.operation." + type).summary().totalAmount();
  }

  private long durations(String error) {
    return registry.get(DURATION).tag("error.type", error).timer().count();
  }

  @Test
  void recordsMicroseconds() {
    finish(FinishReason.LENGTH, 4);

    assertThat(timer(FIRST_TOKEN).totalTime(TimeUnit.NANOSECONDS)).isEqualTo(4000);
    assertThat(timer(PER_TOKEN).totalTime(TimeUnit.NANOSECONDS)).isEqualTo((10000 - 4000) / 3);
    assertThat(durations("")).isOne();
    assertThat(tokens("input_tokens")).isEqualTo(5);
    assertThat(tokens("output_tokens")).isEqualTo(4);
    double twoMicros =
        Arrays.stream(timer(PER_TOKEN).takeSnapshot().histogramCounts())
            .filter(bucket -> bucket.bucket(TimeUnit.NANOSECONDS) == 2000)
            .findFirst()
            .orElseThrow()
            .count();
    assertThat(twoMicros).as("the bucket of 2 µs").isEqualTo(1);
  }

  @Test
  void recordsNoTimePerTokenWithoutASecondToken() {
    finish(FinishReason.STOP, 1);
    finish(FinishReason.LENGTH, 0);

    assertThat(timer(FIRST_TOKEN).count()).isOne();
    assertThat(timer(PER_TOKEN).count()).isZero();
    assertThat(durations("")).isEqualTo(2);
  }

  @Test
  void recordsUnsuccessfulGenerationsApart() {
    finish(FinishReason.ERROR, 4);
    finish(FinishReason.CANCELLED, 4);

    assertThat(durations("undeliverable")).isOne();
    assertThat(durations("")).isOne();
    assertThat(tokens("output_tokens")).isEqualTo(8);
    assertThat(timer(FIRST_TOKEN).count()).isZero();
    assertThat(timer(PER_TOKEN).count()).isZero();
  }
}
