package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.Parameter;
import java.util.List;

/**
 * An optimizer that changes no parameter. It sums the squares of the gradients, for {@link
 * DynamicRule}. Owned by the training thread.
 */
public final class GradientStatistics implements Optimizer {
  private final NDManager manager;
  private final List<NDArray> squares;
  private final NDArray steps;

  /**
   * Creates statistics of no steps.
   *
   * @param parent the parent of the sums
   * @param parameters the parameters of the network
   */
  public GradientStatistics(NDManager parent, List<Parameter> parameters) {
    this.manager = parent.newSubManager();
    this.squares =
        parameters.stream().map(parameter -> manager.zeros(parameter.values().getShape())).toList();
    this.steps = manager.zeros(new Shape(1));
  }

  @Override
  public void update(List<NDArray> gradients, NDArray rateAndStep, List<NDArray> overflow) {
    TrainingScript.get().run("add_squares", squares, steps, gradients).close();
  }

  /** Returns the sum of the squared gradients of each parameter, in the parameters' shapes. */
  List<NDArray> squares() {
    return squares;
  }

  /** Returns the number of steps: float32 {@code [1]}. */
  NDArray steps() {
    return steps;
  }

  @Override
  public void close() {
    manager.close();
  }
}
