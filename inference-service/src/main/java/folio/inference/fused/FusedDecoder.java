package folio.inference.fused;

import ai.djl.ndarray.NDArray;
import folio.model.sampling.SamplingParameters;
import java.util.BitSet;
import java.util.List;

/**
 * Streams that are decoded together, in the places 0 to count - 1: who leaves is replaced by the
 * last. A launch writes up to so many characters of each of those who are there when it begins; who
 * joins or leaves while it is under way does not change it. Owned by a lane's thread.
 */
public interface FusedDecoder extends AutoCloseable {
  /** Most characters of a stream in a launch. */
  int MAX_STEPS = 256;

  /**
   * Up to so many streams are decoded in another way than more are: what a step of the ones costs
   * tells nothing about the others.
   */
  int FEW = KernelLayout.TILE;

  /**
   * What the next launch is to do for a stream: steps, each of which leads from one character to
   * the next.
   *
   * @param seed decides every draw
   * @param lastId the character before
   * @param position how many were drawn before, of this seed
   * @param given the first characters, which are not drawn but read
   * @param length steps, and so characters, the given ones included
   */
  record Order(
      long seed, SamplingParameters sampling, int lastId, int position, int[] given, int length) {}

  /**
   * What a launch wrote.
   *
   * @param ids of each stream, given ones included, by the places when it was launched
   * @param nanos how long the device had to do with it
   */
  record Written(int[][] ids, long nanos) {}

  /** How many more streams can join. */
  int room();

  /**
   * Takes in a stream that has read nothing yet, in the next place.
   *
   * @param ids those that a penalty concerns, of characters that will be given, too
   */
  void join(BitSet ids);

  /**
   * Takes in a stream that goes on, in the next place.
   *
   * @param state float32 {@code [L, H]}, on the model's device, computed by this thread; stays the
   *     caller's
   * @param ids those that a penalty concerns, of characters that will be given, too
   */
  void join(NDArray state, BitSet ids);

  /** Launches for nobody: the first launches take longer. There must be no streams. */
  void warm();

  /** Lets a stream go; the last takes its place. Asks nothing of the device yet, so cannot fail. */
  void leave(int place);

  /** Lets all streams go. */
  void clear();

  /**
   * Begins to write characters of every stream. What was launched before and not waited for is
   * lost.
   *
   * @param all an order a stream, by place
   * @param most characters of a stream, up to {@link #MAX_STEPS}; an order's length may be less
   */
  void launch(List<Order> all, int most);

  /**
   * Waits for what was launched.
   *
   * @throws RuntimeException if the device failed, or did not come to an end in time
   */
  Written finish();

  /** A stream's state, float32 {@code [L, H]}; waits for the device. */
  float[] state(int place);

  @Override
  void close();
}
