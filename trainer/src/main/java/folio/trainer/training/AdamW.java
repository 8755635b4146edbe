package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.IValue;
import folio.model.network.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * Adam with decoupled weight decay, on matrices only: libtorch's fused kernels, one for all
 * parameters, on moments of our own. DJL's optimizer hides its moments, so that a run could not be
 * resumed exactly, and decays biases too. Owned by the training thread.
 *
 * @see <a href="https://arxiv.org/abs/1711.05101">Loshchilov and Hutter</a>
 */
public final class AdamW implements AutoCloseable {
  /**
   * The constants of the rule.
   *
   * @param beta1 decay of the mean gradient, a step
   * @param beta2 decay of the mean square gradient, a step
   * @param weightDecay part of every matrix value that is taken off at a learning rate of 1
   */
  public record Settings(double beta1, double beta2, double weightDecay) {}

  /**
   * Values that decay alike. TorchScript is given whole lists: what it changes in lists of its own
   * making, its compiler takes for dead code.
   */
  private record Group(boolean matrices, IValue values, IValue means, IValue squares) {}

  private final Settings settings;
  private final List<Parameter> parameters;
  private final long[] matrixValues;
  private final NDManager manager;
  private final List<NDArray> means = new ArrayList<>();
  private final List<NDArray> squares = new ArrayList<>();
  private final List<Group> groups = new ArrayList<>();

  /**
   * An optimizer with zero moments.
   *
   * @param parent the moments are made below it
   * @param parameters changed in place by {@link #update}
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

  /** Views of those values that are in matrices, or of the others. */
  private IValue part(List<NDArray> arrays, boolean matrices) {
    return TrainingScript.get().run("part", arrays, matrixValues, matrices);
  }

  /**
   * Takes one step.
   *
   * @param gradients one a parameter, in order; not changed
   * @param pace float32 {@code [2]} on the device: the learning rate of this step, and its number
   *     from 1, as the moments are corrected for having begun at zero
   */
  public void update(List<NDArray> gradients, NDArray pace) {
    for (Group group : groups) {
      try (IValue part = part(gradients, group.matrices())) {
        TrainingScript.get()
            .run(
                "adamw",
                group.values(),
                part,
                group.means(),
                group.squares(),
                pace,
                settings.beta1(),
                settings.beta2(),
                group.matrices() ? settings.weightDecay() : 0.0)
            .close();
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
    for (Group group : groups) {
      group.values().close();
      group.means().close();
      group.squares().close();
    }
    manager.close();
  }
}
