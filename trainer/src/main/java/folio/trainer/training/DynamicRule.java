package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import folio.model.network.Parameter;
import java.util.List;

/**
 * The rule of dynamic evaluation. A step moves each weight back towards its trained value, and then
 * along its gradient divided by the root mean square of its gradients in training. The way back is
 * longer for weights with larger gradients. The learning rate is in nats: if each gradient had its
 * root mean square, a step would lower the loss by that much, to first order. So networks of all
 * sizes take similar rates. Owned by the training thread.
 *
 * @see <a href="https://arxiv.org/abs/1709.07432">Krause, Kahembwe, Murray and Renals</a>
 */
public final class DynamicRule implements Optimizer {
  /**
   * The fraction of the mean size of gradients that is added to the size of each weight's, so that
   * a weight without a gradient in training takes no huge step.
   */
  private static final double FLOOR = 0.1;

  private final NDManager manager;
  private final List<NDArray> parameters;
  private final List<NDArray> trained;
  private final List<NDArray> scales;
  private final List<NDArray> decays;

  /**
   * Creates a rule.
   *
   * @param parent the parent of the rule's arrays
   * @param parameters the trained parameters, which {@link #update} changes in place
   * @param statistics the size of their gradients; the caller may close it afterwards
   * @param decay the fraction of the way back in a step, 0 to 1, for a weight whose gradients are
   *     of mean size
   */
  public DynamicRule(
      NDManager parent, List<Parameter> parameters, GradientStatistics statistics, double decay) {
    this.manager = parent.newSubManager();
    this.parameters = parameters.stream().map(Parameter::values).toList();
    Results results =
        Results.of(
            (PtNDManager) manager,
            "dynamic_rule",
            this.parameters,
            statistics.squares(),
            statistics.steps(),
            FLOOR,
            decay);
    this.trained = results.arrays(0);
    this.scales = results.arrays(1);
    this.decays = results.arrays(2);
  }

  @Override
  public void update(List<NDArray> gradients, NDArray rateAndStep, List<NDArray> overflow) {
    TrainingScript.get()
        .run("dynamic_step", parameters, gradients, trained, scales, decays, rateAndStep)
        .close();
  }

  /** Sets the parameters to their trained values. */
  public void restore() {
    TrainingScript.get().run("copy_all", parameters, trained).close();
  }

  @Override
  public void close() {
    manager.close();
  }
}
