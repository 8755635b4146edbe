package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.network.Parameter;
import java.util.List;

/**
 * An exponential moving average of a network's weights, itself a network. Young averages forget
 * faster, so that the initial weights do not linger.
 *
 * @see <a href="https://doi.org/10.1137/0330046">Polyak and Juditsky</a>
 */
public final class WeightAverage implements AutoCloseable {
  private final double decay;
  private final List<Parameter> trained;
  private final CharGru average;

  /**
   * An average that begins at the network's weights.
   *
   * @param parent the average is made below it
   * @param decay what is kept of the average, a step, in [0, 1); 0 follows the network
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
   * Takes in the weights after a step.
   *
   * @param step from 0
   */
  public void update(long step) {
    double kept = Math.min(decay, (1.0 + step) / (10.0 + step));
    TrainingScript.get()
        .run("average", values(average.parameters()), values(trained), 1 - kept)
        .close();
  }

  private static List<NDArray> values(List<Parameter> parameters) {
    return parameters.stream().map(Parameter::values).toList();
  }

  /** The averaged network; it changes with every {@link #update}. */
  public CharGru network() {
    return average;
  }

  /** Frees the average. */
  @Override
  public void close() {
    average.close();
  }
}
