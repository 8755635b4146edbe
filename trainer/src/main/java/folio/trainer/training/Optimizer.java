package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import java.util.List;

/** A rule by which gradients change the parameters of a network. Owned by the training thread. */
public interface Optimizer extends AutoCloseable {
  /**
   * Takes a step.
   *
   * @param gradients one array per parameter, in the order of the parameters; the step may change
   *     them
   * @param rateAndStep float32 {@code [2]} on the device: the learning rate and the number of the
   *     step from 1
   * @param overflow empty, or an array float32 {@code [1]} on the device: if it is 1, nothing is
   *     updated
   */
  void update(List<NDArray> gradients, NDArray rateAndStep, List<NDArray> overflow);

  /**
   * Returns the number of steps that the optimizer took before the first step of its run, which
   * count when the bias of zero initial moments is corrected.
   */
  default long earlierSteps() {
    return 0;
  }

  @Override
  void close();
}
