package folio.model.sampling;

import java.util.random.RandomGenerator;

/**
 * A source of random numbers that are a pure function of a seed and a position. Where, when and in
 * which order they are drawn does not matter.
 *
 * @see <a href="https://doi.org/10.1145/2714064.2660195">SplitMix64, Steele et al.</a>
 */
public final class SeededRandom {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  /** The bound of chosen seeds, below which every JSON number in a browser is exact. */
  private static final long SEED_BOUND = 1L << 53;

  private SeededRandom() {}

  /** Returns a seed for a request that has none. */
  public static long chooseSeed(RandomGenerator random) {
    return random.nextLong(SEED_BOUND);
  }

  /** Returns 64 random bits. */
  public static long bits(long seed, long position) {
    // The seed is mixed first, so that adjacent seeds do not give shifted copies of one sequence.
    return mix(mix(seed + GOLDEN_GAMMA) + position * GOLDEN_GAMMA);
  }

  /** Returns a random number in [0, 1). */
  public static double uniform(long seed, long position) {
    return (bits(seed, position) >>> 11) * 0x1.0p-53;
  }

  private static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
