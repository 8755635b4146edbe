package folio.inference.fused;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A reference implementation of a network in float64 that follows the definition operation by
 * operation. Between steps, the states are on the host.
 */
final class Float64Gru implements AutoCloseable {
  /** The weights of a layer, {@code [in, 3H]} and {@code [H, 3H]}, and its biases. */
  private record Layer(NDArray input, NDArray hidden, NDArray inputBias, NDArray hiddenBias) {}

  private final NDManager manager;
  private final CharGruConfig config;
  private final int rows;
  private final NDArray embedding;
  private final List<Layer> layers = new ArrayList<>();
  private final NDArray projection;
  private final NDArray head;
  private final NDArray headBias;

  /** The states by layer, each {@code [rows, H]}. */
  private final double[][] states;

  /**
   * Copies a network and the states of its streams.
   *
   * @param parent the parent of all arrays; its device computes
   * @param states the state of each stream, {@code [L, H]}
   */
  Float64Gru(NDManager parent, CharGru network, float[][] states) {
    this.manager = parent.newSubManager();
    this.config = network.config();
    this.rows = states.length;
    CharGru.Weights weights = network.weights();
    this.embedding = config.embeddingActivation().apply(float64(weights.embedding()));
    weights
        .layers()
        .forEach(
            layer ->
                layers.add(
                    new Layer(
                        float64(layer.get(0)).transpose(),
                        float64(layer.get(1)).transpose(),
                        float64(layer.get(2)),
                        float64(layer.get(3)))));
    this.projection =
        weights.projection() == null ? null : float64(weights.projection()).transpose();
    this.head = float64(weights.headWeight()).transpose();
    this.headBias = float64(weights.headBias());
    int hidden = config.hiddenSize();
    this.states = new double[config.layers()][rows * hidden];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < states[row].length; i++) {
        this.states[i / hidden][row * hidden + i % hidden] = states[row][i];
      }
    }
  }

  private NDArray float64(NDArray array) {
    NDArray copy = array.toType(DataType.FLOAT64, true);
    copy.attach(manager);
    return copy;
  }

  /**
   * Runs one character of each stream.
   *
   * @return the logits {@code [rows, V]}
   */
  double[] step(int[] ids) {
    int vocabulary = config.vocabularySize();
    double[] oneHot = new double[rows * vocabulary];
    for (int row = 0; row < rows; row++) {
      oneHot[row * vocabulary + ids[row]] = 1;
    }
    // The result of an operation belongs to the manager of its operand.
    try (NDManager scratch = manager.newSubManager()) {
      NDArray x = scratch.create(oneHot, new Shape(rows, vocabulary)).matMul(embedding);
      for (int k = 0; k < layers.size(); k++) {
        NDArray h = scratch.create(states[k], new Shape(rows, config.hiddenSize()));
        NDArray y = gru(layers.get(k), x, h);
        states[k] = y.toDoubleArray();
        x = config.network() == NetworkKind.RESIDUAL && k > 0 ? x.add(y) : y;
      }
      x = config.headActivation().apply(x);
      if (projection != null) {
        x = x.matMul(projection);
      }
      return x.matMul(head).add(headBias).toDoubleArray();
    }
  }

  private NDArray gru(Layer layer, NDArray x, NDArray h) {
    NDArray input = x.matMul(layer.input()).add(layer.inputBias());
    NDArray hidden = h.matMul(layer.hidden()).add(layer.hiddenBias());
    NDArray reset = Activation.sigmoid(gate(input, 0).add(gate(hidden, 0)));
    NDArray update = Activation.sigmoid(gate(input, 1).add(gate(hidden, 1)));
    NDArray candidate = gate(input, 2).add(reset.mul(gate(hidden, 2))).tanh();
    return candidate.add(update.mul(h.sub(candidate)));
  }

  private NDArray gate(NDArray gates, int index) {
    int hidden = config.hiddenSize();
    return gates.get(":, {}:{}", index * hidden, (index + 1) * hidden);
  }

  /** Returns a stream's state, {@code [L, H]}. */
  double[] state(int row) {
    int hidden = config.hiddenSize();
    return Arrays.stream(states)
        .flatMapToDouble(layer -> Arrays.stream(layer, row * hidden, (row + 1) * hidden))
        .toArray();
  }

  @Override
  public void close() {
    manager.close();
  }
}
