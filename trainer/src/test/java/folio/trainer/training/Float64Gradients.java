package folio.trainer.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.training.GradientCollector;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import java.util.List;

/**
 * The gradients of a batch in float64, by the equations of a GRU and the engine's automatic
 * differentiation. They share no code with the trainer's.
 *
 * <p>No equation has a Java number as a factor or a power: DJL frees its memory before the backward
 * pass reads it.
 */
final class Float64Gradients {
  private final NDManager manager;
  private final CharGruConfig config;
  private final List<NDArray> parameters;
  private final NDArray logitScale;

  private Float64Gradients(NDManager manager, CharGru network, double logitScale) {
    this.manager = manager;
    this.logitScale = manager.create(logitScale);
    this.config = network.config();
    this.parameters =
        network.parameters().stream().map(parameter -> wide(parameter.values())).toList();
    parameters.forEach(parameter -> parameter.setRequiresGradient(true));
  }

  /**
   * Computes the gradients of all parameters.
   *
   * @param manager the owner of the gradients
   * @param state float32 {@code [L, B, H]}, the states before the batch
   */
  static List<NDArray> of(NDManager manager, CharGru network, StepInputs inputs, NDArray state) {
    return of(manager, network, inputs, state, 1);
  }

  /** Computes the gradients of the loss of logits times a factor. */
  static List<NDArray> of(
      NDManager manager, CharGru network, StepInputs inputs, NDArray state, double logitScale) {
    Float64Gradients reference = new Float64Gradients(manager, network, logitScale);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.backward(reference.loss(inputs, state));
      return reference.parameters.stream().map(NDArray::getGradient).toList();
    }
  }

  /** Returns the norm of the difference of two gradients, divided by the norm of the second. */
  static double relativeError(NDArray actual, NDArray expected) {
    NDArray wide = actual.toType(DataType.FLOAT64, true).reshape(expected.getShape());
    return norm(wide.sub(expected)) / norm(expected);
  }

  private static double norm(NDArray array) {
    return Math.sqrt(array.square().sum().getDouble());
  }

  private NDArray wide(NDArray values) {
    NDArray wide = values.toType(DataType.FLOAT64, true);
    wide.attach(manager);
    return wide;
  }

  private NDArray loss(StepInputs inputs, NDArray state) {
    NDArray ids = inputs.characters().get(":-1");
    NDArray targets = inputs.characters().get("1:").flatten();
    NDArray embedding = parameters.get(0);
    NDArray oneHot = wide(ids.oneHot(config.vocabularySize()));
    NDArray x =
        drop(
            activate(config.embeddingActivation(), product(oneHot, embedding)),
            inputs.embeddingMask());
    for (int k = 0; k < config.layers(); k++) {
      NDArray initial = wide(state.get(k)).mul(wide(inputs.carryMask().get(0)));
      NDArray y = drop(layer(k, x, initial, inputs), inputs.outputMask(k));
      x = config.network() == NetworkKind.RESIDUAL && k > 0 ? x.add(y) : y;
    }
    x = activate(config.headActivation(), x);
    int last = parameters.size() - 1;
    NDArray head = config.tied() ? embedding : parameters.get(last - 1);
    if (config.projectionSize() != null) {
      x = product(x, parameters.get(config.tied() ? last - 1 : last - 2).transpose());
    }
    NDArray logits =
        product(x, head.transpose())
            .add(parameters.get(last))
            .mul(logitScale)
            .reshape(-1, config.vocabularySize());
    NDArray chosen = logits.logSoftmax(1).mul(wide(targets.oneHot(config.vocabularySize())));
    return chosen.sum(new int[] {1}).mean().neg();
  }

  private NDArray layer(int k, NDArray x, NDArray initial, StepInputs inputs) {
    long hidden = config.hiddenSize();
    long gates = 3 * hidden;
    NDArray buffer = parameters.get(1 + k);
    long width = x.getShape().get(2);
    NDArray inputWeight = slice(buffer, 0, gates * width).reshape(gates, width);
    NDArray weight =
        drop(
            slice(buffer, gates * width, gates * hidden).reshape(gates, hidden),
            inputs.weightMask(k));
    long biases = gates * (width + hidden);
    NDArray fromInput =
        product(x, inputWeight.transpose()).add(slice(buffer, biases, gates)); // [T, B, 3H]
    NDArray bias = slice(buffer, biases + gates, gates);
    NDArray transposed = weight.transpose();
    NDArray h = initial;
    NDList states = new NDList();
    for (int t = 0; t < x.getShape().get(0); t++) {
      if (!inputs.continueMask().isEmpty()) {
        h = h.mul(wide(inputs.continueMask().get(0).get(t)));
      }
      NDArray gi = fromInput.get(t);
      NDArray gh = h.matMul(transposed).add(bias);
      NDArray r = Activation.sigmoid(gate(gi, 0).add(gate(gh, 0)));
      NDArray z = Activation.sigmoid(gate(gi, 1).add(gate(gh, 1)));
      NDArray n = gate(gi, 2).add(r.mul(gate(gh, 2))).tanh();
      h = n.add(z.mul(h.sub(n)));
      states.add(h);
    }
    return NDArrays.stack(states);
  }

  private NDArray gate(NDArray gates, int index) {
    long hidden = config.hiddenSize();
    return gates.get(new NDIndex(":, " + index * hidden + ":" + (index + 1) * hidden));
  }

  private static NDArray slice(NDArray array, long from, long size) {
    return array.get(new NDIndex(from + ":" + (from + size)));
  }

  /** Returns {@code [T, B, M]} from {@code [T, B, K]} and {@code [K, M]}. */
  private static NDArray product(NDArray x, NDArray matrix) {
    Shape shape = x.getShape();
    long columns = matrix.getShape().get(1);
    return x.reshape(-1, shape.get(2)).matMul(matrix).reshape(shape.get(0), shape.get(1), columns);
  }

  private static NDArray activate(Nonlinearity kind, NDArray x) {
    return switch (kind) {
      case NONE -> x;
      case RELU -> Activation.relu(x);
      case TANH -> x.tanh();
    };
  }

  private NDArray drop(NDArray x, List<NDArray> mask) {
    return mask.isEmpty() ? x : x.mul(wide(mask.get(0)));
  }
}
