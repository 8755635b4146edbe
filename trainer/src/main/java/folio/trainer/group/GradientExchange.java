package folio.trainer.group;

import ai.djl.ndarray.NDArray;

/**
 * The exchange of gradients between the processes of a group. All processes add the same arrays in
 * the same order. Owned by the training thread.
 */
public interface GradientExchange extends AutoCloseable {
  /**
   * Begins to replace an array by the sum over all processes, as soon as the device has computed
   * it. The array must stay open until {@link #complete} has returned.
   *
   * @param values float32 without gaps
   */
  void add(NDArray values);

  /** Makes the later work of this thread on the device see all sums. */
  void complete();

  /** Returns the number of processes. */
  int size();

  /** Releases the exchange. All processes call this method, after their last exchange. */
  @Override
  void close();
}
