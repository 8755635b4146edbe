package folio.inference.fused;

import ai.djl.ndarray.NDArray;
import folio.model.sampling.SamplingParameters;
import java.util.BitSet;
import java.util.List;

/**
 * A decoder of a batch of streams that generates many characters of each stream in one launch.
 *
 * <p>Every stream has a slot. The occupied slots are 0 to count - 1: when a stream is removed, the
 * stream of the last slot moves to its slot. Streams may join and be removed while a launch is in
 * flight; the launch still generates the characters of the streams that it began with. Owned by the
 * thread of a worker.
 */
public interface FusedDecoder extends AutoCloseable {
  /** The largest number of steps of a stream in a launch. */
  int MAX_STEPS = 256;

  /**
   * The largest number of streams of a small batch, which is decoded by a method of its own. The
   * time of a step in a small batch does not predict the time in a larger one, nor the reverse.
   */
  int SMALL_BATCH = 8;

  /**
   * The steps of one stream in a launch. Each step leads from one character to the next, which is
   * forced or sampled.
   *
   * @param seed the seed of all draws
   * @param lastId the id before the first step
   * @param position the number of ids that were sampled with this seed before
   * @param forced the ids of the first steps, such as those of a prompt, which are not sampled
   * @param length the number of steps, forced ones included
   * @param logits whether the launch returns the logits that ids are sampled from
   */
  record StepPlan(
      long seed,
      SamplingParameters sampling,
      int lastId,
      int position,
      int[] forced,
      int length,
      boolean logits) {
    /** Creates a plan that returns no logits. */
    public StepPlan(
        long seed,
        SamplingParameters sampling,
        int lastId,
        int position,
        int[] forced,
        int length) {
      this(seed, sampling, lastId, position, forced, length, false);
    }

    /** Returns the same plan with logits. */
    public StepPlan withLogits() {
      return new StepPlan(seed, sampling, lastId, position, forced, length, true);
    }
  }

  /**
   * The result of a launch.
   *
   * @param ids the ids of each stream, forced ones included, by slot at the time of the launch
   * @param logits float32 {@code [length, V]} of each stream whose plan asks for logits, and null
   *     of others; those of forced ids are undefined
   * @param nanos the time that the launch took on the device
   */
  record LaunchResult(int[][] ids, float[][] logits, long nanos) {}

  /** Returns the number of streams that can still join. */
  int freeSlots();

  /**
   * Adds a stream that has read nothing yet, in the next slot.
   *
   * @param seen the ids that the repetition penalty applies to, including ids that will be forced
   */
  void join(BitSet seen);

  /**
   * Adds a stream that resumes from a state, in the next slot.
   *
   * @param state float32 {@code [L, H]} on the model's device, computed by the calling thread;
   *     remains the caller's
   * @param seen the ids that the repetition penalty applies to, including ids that will be forced
   */
  void join(NDArray state, BitSet seen);

  /** Launches without streams, because first launches take longer. All slots must be free. */
  void warm();

  /**
   * Removes a stream; the stream of the last slot moves to its slot. Calls nothing on the device,
   * so it cannot fail.
   */
  void remove(int slot);

  /** Removes all streams. */
  void clear();

  /**
   * Starts to generate characters of every stream. The result of an earlier launch that was not
   * waited for is lost.
   *
   * @param plans a plan for every stream, by slot
   * @param steps the largest length of the plans, up to {@link #MAX_STEPS}
   */
  void launch(List<StepPlan> plans, int steps);

  /**
   * Waits for the launch and returns its result.
   *
   * @throws RuntimeException if the device failed, or if the launch timed out
   */
  LaunchResult finish();

  /** Returns a stream's state, float32 {@code [L, H]}. Waits for the device. */
  float[] state(int slot);

  /** Frees the decoder's memory on the device. */
  @Override
  void close();
}
