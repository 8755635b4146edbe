package folio.benchmark;

/**
 * Counts durations in buckets that are at most 3 % wide, so that it never grows. Owned by one
 * thread.
 */
final class LatencyHistogram {
  private static final int SUB_BITS = 5;
  private static final int SUB_BUCKETS = 1 << SUB_BITS;

  private final long[] counts = new long[(Long.SIZE - SUB_BITS) * SUB_BUCKETS];
  private long total;

  /** Counts a duration. */
  void record(long nanos) {
    record(nanos, 1);
  }

  /** Counts a duration that came several times. */
  void record(long nanos, long times) {
    counts[bucket(Math.max(0, nanos))] += times;
    total += times;
  }

  /** Counts everything that another one has counted. */
  void add(LatencyHistogram other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
    total += other.total;
  }

  private static int bucket(long nanos) {
    if (nanos < SUB_BUCKETS) {
      return (int) nanos;
    }
    int shift = Long.SIZE - 1 - Long.numberOfLeadingZeros(nanos) - SUB_BITS;
    return shift * SUB_BUCKETS + (int) (nanos >>> shift);
  }

  private static double middle(int bucket) {
    if (bucket < 2 * SUB_BUCKETS) {
      return bucket;
    }
    int shift = bucket / SUB_BUCKETS - 1;
    return (bucket - shift * SUB_BUCKETS + 0.5) * (1L << shift);
  }

  /** The median and the 99th percentile, or null if nothing was counted. */
  Percentiles percentiles() {
    return total == 0 ? null : new Percentiles(quantileMillis(0.5), quantileMillis(0.99));
  }

  private double quantileMillis(double fraction) {
    long rank = (long) Math.ceil(fraction * total);
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= rank) {
        return middle(i) / 1e6;
      }
    }
    throw new IllegalStateException("the buckets hold fewer than " + total);
  }

  /** The median and the 99th percentile, in milliseconds. */
  record Percentiles(double p50Millis, double p99Millis) {}
}
