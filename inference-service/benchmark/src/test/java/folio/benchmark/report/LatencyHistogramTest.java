package folio.benchmark.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
  @Test
  void returnsPercentilesWithinTheBucketWidth() {
    LatencyHistogram histogram = new LatencyHistogram();
    for (int micros = 1; micros <= 10_000; micros++) {
      histogram.record(micros * 1000L);
    }

    Percentiles percentiles = histogram.percentiles();
    assertThat(percentiles.p50Millis()).isCloseTo(5, withPercentage(3));
    assertThat(percentiles.p99Millis()).isCloseTo(9.9, withPercentage(3));
  }

  @Test
  void addsRepeatedDurationsAndOtherHistograms() {
    LatencyHistogram histogram = new LatencyHistogram();
    histogram.record(0, 98);
    LatencyHistogram other = new LatencyHistogram();
    other.record(Long.MAX_VALUE, 2);
    histogram.add(other);

    assertThat(histogram.percentiles().p50Millis()).isZero();
    assertThat(histogram.percentiles().p99Millis())
        .isCloseTo(Long.MAX_VALUE / 1e6, withPercentage(3));
    assertThat(new LatencyHistogram().percentiles()).isNull();
  }
}
