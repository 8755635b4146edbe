package folio.inference.observability;

import java.time.Duration;

/** The buckets of histograms of times. */
final class Buckets {
  private Buckets() {}

  /**
   * Returns bucket bounds of which each is twice the one before.
   *
   * @param firstMicros the first bound in microseconds
   */
  static Duration[] doubling(long firstMicros, int count) {
    Duration[] buckets = new Duration[count];
    for (int i = 0; i < count; i++) {
      buckets[i] = Duration.ofNanos((firstMicros * 1000) << i);
    }
    return buckets;
  }
}
