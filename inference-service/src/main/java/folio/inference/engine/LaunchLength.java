package folio.inference.engine;

import folio.inference.fused.FusedDecoder;

/**
 * Chooses how many steps a launch of the persistent kernel has, from the time that a step took in
 * the launch before: long launches cost less per token, short ones let a new request start sooner.
 * Owned by a worker.
 */
final class LaunchLength {
  /** The longest time of a launch: a request that arrives meanwhile waits for its end. */
  private static final double MAX_NANOS = 2e6;

  /** The longest time of a launch while other work of the worker waits for its end. */
  private static final double MAX_NANOS_WHILE_OTHERS_WAIT = 0.5e6;

  /** Steps of a launch while the time of a step is unknown. */
  private static final int FEW_STEPS = 8;

  private double nanosPerStep = MAX_NANOS / 16; // a guess until a launch was measured
  private int steps;
  private int allowed;
  private int launched;

  /**
   * Chooses the length of the next launch.
   *
   * @param sequences how many it decodes
   * @param longest the largest number of steps that one of them has left
   * @param toFirstToken the fewest steps to a first token, or {@link Integer#MAX_VALUE}: a launch
   *     ends there, so that the token is sent at once
   */
  int choose(int sequences, boolean othersWait, int longest, int toFirstToken) {
    allowed = maxSteps(sequences, othersWait);
    steps = Math.min(Math.min(allowed, longest), Math.max(FEW_STEPS, toFirstToken));
    launched = sequences;
    return steps;
  }

  /**
   * Returns the largest length of the next launch: twice the last one's, if that fits into the time
   * limit.
   */
  private int maxSteps(int sequences, boolean othersWait) {
    boolean unknown =
        launched == 0
            || (sequences <= FusedDecoder.SMALL_BATCH) != (launched <= FusedDecoder.SMALL_BATCH);
    if (sequences > launched) {
      nanosPerStep *= (double) sequences / Math.max(1, launched); // an upper bound
    }
    double nanos = othersWait ? MAX_NANOS_WHILE_OTHERS_WAIT : MAX_NANOS;
    int twice = unknown ? FEW_STEPS : 2 * Math.max(FEW_STEPS, allowed);
    double fitting = Math.min(nanos / nanosPerStep, FusedDecoder.MAX_STEPS);
    return (int) Math.max(1, Math.min(twice, fitting));
  }

  /** Records how long the device took for the launch that was chosen last. */
  void measured(long nanos) {
    nanosPerStep = (double) nanos / steps;
  }
}
