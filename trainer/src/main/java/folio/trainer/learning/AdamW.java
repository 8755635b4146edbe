package folio.trainer.learning;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import folio.model.network.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * Adam with decoupled weight decay, on matrices only. DJL's own hides its moments, so that a run
 * could not be resumed exactly, and decays biases too. Owned by the training thread.
 *
 * @see <a href="https://arxiv.org/abs/1711.05101">Loshchilov and Hutter</a>
 */
public final class AdamW implements AutoCloseable {
  private static final double EPSILON = 1e-8;

  /**
   * The constants of the rule.
   *
   * @param beta1 decay of the mean gradient, a step
   * @param beta2 decay of the mean square gradient, a step
   * @param weightDecay part of every matrix value that is taken off at a learning rate of 1
   */
  public record Settings(double beta1, double beta2, double weightDecay) {}

  private final Settings settings;
  private final List<Parameter> parameters;
  private final NDManager manager;
  private final List<NDArray> means = new ArrayList<>();
  private final List<NDArray> squares = new ArrayList<>();

  /**
   * An optimizer with zero moments.
   *
   * @param parent the moments are made below it
   * @param parameters changed in place by {@link #update}
   */
  public AdamW(NDManager parent, List<Parameter> parameters, Settings settings) {
    this.settings = settings;
    this.parameters = parameters;
    this.manager = parent.newSubManager();
    for (Parameter parameter : parameters) {
      means.add(manager.zeros(parameter.values().getShape()));
      squares.add(manager.zeros(parameter.values().getShape()));
    }
  }

  /**
   * Takes one step.
   *
   * @param gradients one a parameter, in order; not changed
   * @param learningRate of this step
   * @param step from 0; the moments are corrected for having begun at zero
   */
  public void update(List<NDArray> gradients, double learningRate, long step) {
    double meanCorrection = 1 - Math.pow(settings.beta1(), step + 1.0);
    double squareCorrection = 1 - Math.pow(settings.beta2(), step + 1.0);
    for (int i = 0; i < parameters.size(); i++) {
      NDArray gradient = gradients.get(i);
      NDArray mean = means.get(i);
      NDArray square = squares.get(i);
      decay(parameters.get(i), learningRate);
      try (NDManager scope = manager.newSubManager()) {
        NDArray newPart = gradient.mul(1 - settings.beta1());
        NDArray newSquare = gradient.square();
        newPart.attach(scope);
        newSquare.attach(scope);
        mean.muli(settings.beta1()).addi(newPart);
        square.muli(settings.beta2()).addi(newSquare.muli(1 - settings.beta2()));
        NDArray root = square.sqrt();
        root.attach(scope);
        root.muli(1 / Math.sqrt(squareCorrection)).addi(EPSILON);
        NDArray change = mean.div(root);
        change.attach(scope);
        parameters.get(i).values().subi(change.muli(learningRate / meanCorrection));
      }
    }
  }

  private void decay(Parameter parameter, double learningRate) {
    if (settings.weightDecay() == 0 || parameter.matrixValues() == 0) {
      return;
    }
    double kept = 1 - learningRate * settings.weightDecay();
    if (parameter.matrixValues() == parameter.values().size()) {
      parameter.values().muli(kept);
    } else {
      // The matrices come first in a layer's buffer; a slice is a view of it.
      try (NDArray matrices =
          parameter.values().get(new NDIndex(":{}", parameter.matrixValues()))) {
        matrices.muli(kept);
      }
    }
  }

  /** The moments by name, as views: what a run needs to be resumed exactly. */
  public NDList state() {
    NDList state = new NDList();
    for (int i = 0; i < parameters.size(); i++) {
      means.get(i).setName("mean." + parameters.get(i).name());
      squares.get(i).setName("square." + parameters.get(i).name());
      state.add(means.get(i));
      state.add(squares.get(i));
    }
    return state;
  }

  /** Frees the moments. */
  @Override
  public void close() {
    manager.close();
  }
}
