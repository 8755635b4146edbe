package folio.trainer.run;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import folio.model.network.CharGru;
import folio.model.network.Parameter;
import folio.trainer.publication.ResumeState;
import folio.trainer.training.AdamW;
import folio.trainer.training.TrainStep;
import java.util.Map;

/**
 * The arrays of a run's saved state: weights, moments, carried states, and the factor of the loss.
 *
 * @param networks the networks, by the prefix of their arrays' names
 */
record RunArrays(Map<String, CharGru> networks, AdamW optimizer, TrainStep trainStep) {
  /** The array that holds the hidden state that rows carry from step to step. */
  private static final String CARRIED = "carried";

  /** The array that holds the factor of the loss in float16. */
  private static final String LOSS_SCALE = "loss-scale";

  /** The number of steps that the optimizer took in the run that this one began from. */
  static final String EARLIER_STEPS = "optimizer-steps-before";

  /**
   * Returns all arrays with their names. They are views, except the factor of the loss, which is a
   * new array.
   *
   * @param carried the states of all rows, or null before the first step
   */
  NDList all(NDArray carried) {
    NDList arrays = new NDList();
    networks.forEach(
        (prefix, network) -> {
          for (Parameter parameter : network.parameters()) {
            parameter.values().setName(prefix + "." + parameter.name());
            arrays.add(parameter.values());
          }
        });
    arrays.addAll(optimizer.state());
    if (carried != null) {
      carried.setName(CARRIED);
      arrays.add(carried);
    }
    NDArray lossScale = trainStep.lossScale();
    if (lossScale != null) {
      lossScale.setName(LOSS_SCALE);
      arrays.add(lossScale);
    }
    return arrays;
  }

  /** Restores weights and moments. */
  void restoreOptimized(ResumeState saved) {
    networks.forEach(
        (prefix, network) -> {
          for (Parameter parameter : network.parameters()) {
            saved.restore(prefix + "." + parameter.name(), parameter.values());
          }
        });
    for (NDArray moment : optimizer.state()) {
      saved.restore(moment.getName(), moment);
    }
  }

  /**
   * Restores all arrays.
   *
   * @param rows the number of rows of a batch; with another number than before, every row starts
   *     from zeros
   */
  void restore(ResumeState saved, int rows) {
    restoreOptimized(saved);
    optimizer.setEarlierSteps(Long.parseLong(saved.facts().getOrDefault(EARLIER_STEPS, "0")));
    NDArray carried = saved.arrays().get(CARRIED);
    if (carried != null && carried.getShape().get(1) == rows) {
      trainStep.restore(carried);
    }
    NDArray lossScale = saved.arrays().get(LOSS_SCALE);
    if (lossScale != null) {
      trainStep.restoreLossScale(lossScale);
    }
  }
}
