package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.network.Parameter;
import java.util.List;

/**
 * An exponential moving average of a network's weights, as a network of its own. The decay is
 * smaller in the first steps, so that the average soon forgets the initial weights.
 *
 * @see <a href="https://doi.org/10.1137/0330046">Polyak and Juditsky</a>
 */
public final class WeightAverage implements AutoCloseable {
  private final double decay;
  private final List<Parameter> trained;
  private final CharGru average;

  /**
   * Creates an average that starts at the network's weights.
   *
   * @param parent the parent of the average
   * @param network the network whose weights are averaged
   * @param decay the weight of the old average in each step, in [0, 1); 0 copies the network
   */
  public WeightAverage(NDManager parent, CharGru network, double decay) {
    this.decay = decay;
    this.trained = network.parameters();
    try (NDManager scratch = parent.newSubManager()) {
      NDList copies = network.tensors(scratch);
      this.average = new CharGru(parent, network.config(), copies);
    }
  }

  /**
   * Updates the average with the weights after a step.
   *
   * @param step the number of the step, from 0
   */
  public void update(long step) {
    double stepDecay = Math.min(decay, (1.0 + step) / (10.0 + step));
    TrainingScript.get()
        .run("average", values(average.parameters()), values(trained), 1 - stepDecay)
        .close();
  }

  private static List<NDArray> values(List<Parameter> parameters) {
    return parameters.stream().map(Parameter::values).toList();
  }

  /** Returns the averaged network, which every {@link #update} changes. */
  public CharGru network() {
    return average;
  }

  /** Releases the average. */
  @Override
  public void close() {
    average.close();
  }
}
