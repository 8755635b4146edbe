package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDManager;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.model.network.Parameter;
import folio.runtime.cuda.CudaStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The forward pass, the loss and the backward pass of a network on a batch. The functions of {@code
 * training.torchscript.py} compute what lies below, between and above the layers. Owned by the
 * training thread.
 */
final class Backpropagation {
  private final CharGruConfig config;
  private final List<NDArray> parameters;
  private final Precision precision;
  private final double logitScale;
  private final long[] structure;

  /**
   * Creates the passes of a network.
   *
   * @param network the network; the caller closes it
   * @param logitScale the factor of the logits in the loss
   */
  Backpropagation(CharGru network, Precision precision, double logitScale) {
    this.config = network.config();
    this.parameters = network.parameters().stream().map(Parameter::values).toList();
    this.precision = precision;
    this.logitScale = logitScale;
    this.structure =
        new long[] {
          code(config.embeddingActivation()),
          code(config.headActivation()),
          config.projectionSize() == null ? 0 : 1,
          config.tied() ? 1 : 0
        };
  }

  private static long code(Nonlinearity nonlinearity) {
    return switch (nonlinearity) {
      case NONE -> 0;
      case RELU -> 1;
      case TANH -> 2;
    };
  }

  /**
   * Computes the loss and the gradients of a batch.
   *
   * @param scope the manager of the results and of everything in between
   * @param carried float32 {@code [L, B, H]}, the states of the rows that continue
   * @param scale empty, or the factor of the gradients: float32 {@code [1]}
   * @param computed receives the loss as {@code [1]} and each gradient as soon as it is queued, in
   *     the same order in every step
   */
  Gradients run(
      PtNDManager scope,
      Layers layers,
      StepInputs inputs,
      NDArray carried,
      List<NDArray> scale,
      Consumer<NDArray> computed) {
    Results begin =
        Results.of(
            scope,
            "begin",
            inputs.characters(),
            carried,
            inputs.carryMask(),
            inputs.embeddingMask(),
            parameters.get(0),
            structure,
            precision.code());
    NDArray embedded = begin.array(0);
    List<Layers.Activations> activations = new ArrayList<>();
    NDArray x = begin.array(1);
    for (int k = 0; k < config.layers(); k++) {
      List<NDArray> weightMask = inputs.weightMask(k);
      NDArray buffer = parameters.get(1 + k);
      if (!weightMask.isEmpty()) {
        buffer = Results.one(scope, "drop_weights", buffer, weightMask.get(0));
      }
      Layers.Activations layer =
          layers.forward(scope, x, begin.arrays(2).get(k), buffer, inputs.continueMask());
      activations.add(layer);
      x = Results.one(scope, "join", x, layer.output(), inputs.outputMask(k), adds(k));
    }

    Results head =
        Results.of(
            scope,
            "head",
            x,
            inputs.characters(),
            parameters,
            scale,
            structure,
            precision.code(),
            logitScale);
    NDArray dx = head.array(1);
    computed.accept(head.array(0).reshape(1));
    head.arrays(3).forEach(computed);
    // The gradients of weights are computed while the layers below are.
    CudaStream.SideStream side = CudaStream.sideStream(scope.getDevice());
    List<NDArray> values = new ArrayList<>();
    for (int k = config.layers() - 1; k >= 0; k--) {
      Layers.Activations layer = activations.get(k);
      NDArray dy = Results.one(scope, "drop_output", dx, inputs.outputMask(k));
      Layers.LayerGradients gradients = layers.backward(scope, layer, dy, inputs.continueMask());
      List<NDArray> weightMask = inputs.weightMask(k);
      side.run(
          () -> {
            NDArray gradient = gradients.buffer().get();
            if (!weightMask.isEmpty()) {
              script("drop_gradient", gradient, weightMask.get(0));
            }
            computed.accept(gradient);
            values.add(0, gradient);
          });
      side.release(layer::free);
      dx = adds(k) ? Results.one(scope, "add_gradient", gradients.input(), dx) : gradients.input();
    }
    values.add(
        0,
        Results.one(
            scope,
            "embedding_gradient",
            inputs.characters(),
            embedded,
            dx,
            inputs.embeddingMask(),
            parameters.get(0),
            head.arrays(2),
            structure));
    computed.accept(values.get(0));
    values.addAll(head.arrays(3));
    side.join();
    List<NDArray> last = activations.stream().map(Layers.Activations::last).toList();
    return new Gradients(head.array(0), Results.one(scope, "stack", last), values);
  }

  /** Returns whether a layer adds its output to its input. */
  private boolean adds(int layer) {
    return config.network() == NetworkKind.RESIDUAL && layer > 0;
  }

  private static void script(String function, Object... arguments) {
    TrainingScript.get().run(function, arguments).close();
  }
}
