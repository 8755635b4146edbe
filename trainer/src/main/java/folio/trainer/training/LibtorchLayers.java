package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDManager;
import java.util.List;

/** Layers by libtorch: cuDNN's on a GPU, and products and loops of our own otherwise. */
final class LibtorchLayers implements Layers {
  /** cuDNN launches kernels for every character of a row, which keeps a CPU core busy. */
  private static final int MAX_CAPTURED_CHARACTERS = 256 * 256;

  private final Precision precision;

  LibtorchLayers(Precision precision) {
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
        Results.of(owner, "layer", input, initial, buffer, continues, precision.code());
    return new Activations(
        input, initial, buffer, results.array(0), results.array(1), results.arrays(2));
  }

  @Override
  public LayerGradients backward(
      PtNDManager owner, Activations activations, NDArray gradient, List<NDArray> continues) {
    Results results =
        Results.of(
            owner,
            "layer_backward",
            activations.input(),
            activations.initial(),
            activations.buffer(),
            continues,
            activations.output(),
            activations.saved(),
            gradient,
            precision.code());
    return new LayerGradients(results.array(0), () -> results.array(1));
  }
}
