package folio.benchmark.report;

/**
 * A histogram of durations in buckets that are at most 3 % wide; its memory is constant. Owned by
 * one thread.
 *
 * <p>The first 32 buckets hold one nanosecond each. From there on every power of two is divided
 * into 32 buckets.
 */
public final class LatencyHistogram {
  private static final int SUB_BITS = 5;
  private static final int SUB_BUCKETS = 1 << SUB_BITS;

  private final long[] counts = new long[(Long.SIZE - SUB_BITS) * SUB_BUCKETS];
  private long total;

  /** Counts a duration. */
  public void record(long nanos) {
    record(nanos, 1);
  }

  /** Counts a duration that occurred several times. */
  public void record(long nanos, long times) {
    counts[bucket(Math.max(0, nanos))] += times;
    total += times;
  }

  /** Adds all counts of another histogram. */
  public void add(LatencyHistogram other) {
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

  /** Returns the median and the 99th percentile, or null if the histogram is empty. */
  public Percentiles percentiles() {
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
}
