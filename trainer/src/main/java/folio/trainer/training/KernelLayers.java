package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDManager;
import folio.trainer.recurrence.LayerKernels;
import folio.trainer.recurrence.Pass;
import java.util.List;

/** Layers by the kernels of {@link LayerKernels}, with large products by libtorch around them. */
final class KernelLayers implements Layers {
  /** The few kernels of a larger batch keep a GPU busy. */
  private static final int MAX_CAPTURED_CHARACTERS = 64 * 256;

  private final LayerKernels kernels;
  private final Precision precision;

  /**
   * Creates layers that close the kernels when they are closed.
   *
   * @param precision of a half: float16 or bfloat16, as the kernels were compiled
   */
  KernelLayers(LayerKernels kernels, Precision precision) {
    this.kernels = kernels;
    this.precision = precision;
  }

  @Override
  public int maxCapturedCharacters() {
    return MAX_CAPTURED_CHARACTERS;
  }

  @Override
  public Activations forward(
      PtNDManager owner, NDArray input, NDArray initial, NDArray buffer, List<NDArray> continues) {
    Results results =
        Results.of(owner, "recurrence_inputs", input, buffer, initial, precision.code());
    NDArray gates = results.array(0);
    NDArray hiddenN = results.array(1);
    NDArray states = results.array(2);
    NDArray last = results.array(3);
    kernels.forward(
        new Pass(
            gates,
            hiddenN,
            states,
            results.array(6),
            results.array(7),
            initial,
            last,
            null,
            first(continues)));
    return new Activations(
        input,
        initial,
        buffer,
        results.array(4),
        last,
        List.of(gates, hiddenN, states, results.array(5)));
  }

  private static NDArray first(List<NDArray> arrays) {
    return arrays.isEmpty() ? null : arrays.get(0);
  }

  @Override
  public LayerGradients backward(
      PtNDManager owner, Activations activations, NDArray gradient, List<NDArray> continues) {
    NDArray gates = activations.saved().get(0);
    NDArray hiddenN = activations.saved().get(1);
    NDArray states = activations.saved().get(2);
    NDArray weights = activations.saved().get(3);
    Results inputs = Results.of(owner, "recurrence_gradient_inputs", weights, gradient);
    kernels.backward(
        new Pass(
            gates,
            hiddenN,
            states,
            inputs.array(0),
            null,
            null,
            null,
            inputs.array(1),
            first(continues)));
    NDArray dx = Results.one(owner, "recurrence_input_gradient", weights, gates);
    inputs.close();
    return new LayerGradients(
        dx,
        () ->
            Results.one(
                owner,
                "recurrence_buffer_gradient",
                activations.input(),
                activations.buffer(),
                weights,
                gates,
                hiddenN,
                states,
                continues));
  }

  @Override
  public void close() {
    kernels.close();
  }
}
