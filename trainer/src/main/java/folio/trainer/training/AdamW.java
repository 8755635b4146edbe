package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.IValue;
import folio.model.network.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * An optimizer: Adam with decoupled weight decay on matrices only. It uses libtorch's fused
 * kernels, one for all parameters, on its own moments. DJL's optimizer hides its moments, so a run
 * could not be resumed exactly, and it decays biases too. Owned by the training thread.
 *
 * @see <a href="https://arxiv.org/abs/1711.05101">Loshchilov and Hutter</a>
 */
public final class AdamW implements Optimizer {
  /**
   * The hyperparameters of the optimizer.
   *
   * @param beta1 the decay of the mean gradient per step
   * @param beta2 the decay of the mean square gradient per step
   * @param weightDecay the fraction of every matrix value that a step at a learning rate of 1
   *     subtracts
   */
  public record Settings(double beta1, double beta2, double weightDecay) {}

  /**
   * The values with the same decay. The script receives complete lists, because TorchScript's
   * compiler removes in-place changes of lists that the script itself makes.
   */
  private record Group(boolean matrices, IValue values, IValue means, IValue squares) {}

  private final Settings settings;
  private final List<Parameter> parameters;
  private final long[] matrixValues;
  private final NDManager manager;
  private final List<NDArray> means = new ArrayList<>();
  private final List<NDArray> squares = new ArrayList<>();
  private final List<Group> groups = new ArrayList<>();
  private long earlierSteps;

  /**
   * Creates an optimizer with zero moments.
   *
   * @param parent the parent of the moments
   * @param parameters the buffers that {@link #update} changes in place
   * @param settings the hyperparameters
   */
  public AdamW(NDManager parent, List<Parameter> parameters, Settings settings) {
    this.settings = settings;
    this.parameters = parameters;
    this.matrixValues = parameters.stream().mapToLong(Parameter::matrixValues).toArray();
    this.manager = parent.newSubManager();
    for (Parameter parameter : parameters) {
      means.add(manager.zeros(parameter.values().getShape()));
      squares.add(manager.zeros(parameter.values().getShape()));
    }
    List<NDArray> values = parameters.stream().map(Parameter::values).toList();
    for (boolean matrices : new boolean[] {true, false}) {
      groups.add(
          new Group(
              matrices, part(values, matrices), part(means, matrices), part(squares, matrices)));
    }
  }

  /** Returns views of the values in matrices, or of the values in biases. */
  private IValue part(List<NDArray> arrays, boolean matrices) {
    return TrainingScript.get().run("part", arrays, matrixValues, matrices);
  }

  @Override
  public void update(List<NDArray> gradients, NDArray rateAndStep, List<NDArray> overflow) {
    for (Group group : groups) {
      try (IValue part = part(gradients, group.matrices())) {
        TrainingScript.get()
            .run(
                "adamw",
                group.values(),
                part,
                group.means(),
                group.squares(),
                rateAndStep,
                settings.beta1(),
                settings.beta2(),
                group.matrices() ? settings.weightDecay() : 0.0,
                overflow)
            .close();
      }
    }
  }

  @Override
  public long earlierSteps() {
    return earlierSteps;
  }

  /** Sets the number of steps that the moments have seen before the run's first one. */
  public void setEarlierSteps(long steps) {
    earlierSteps = steps;
  }

  /** Returns the moments by name, as views. A run needs them to resume exactly. */
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

  /** Releases the moments. */
  @Override
  public void close() {
    for (Group group : groups) {
      group.values().close();
      group.means().close();
      group.squares().close();
    }
    manager.close();
  }
}
