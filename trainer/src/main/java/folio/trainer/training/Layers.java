package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDManager;
import java.util.List;
import java.util.function.Supplier;

/**
 * The forward and the backward pass of a network's GRU layers, one layer at a time. T characters
 * per row, B rows, E features of a layer's input, H hidden units. Owned by the training thread.
 */
interface Layers extends AutoCloseable {
  /**
   * Returns the largest number of characters in a batch whose step is worth capturing as a CUDA
   * graph, whose memory comes in addition to that of a step that is not captured.
   */
  int maxCapturedCharacters();

  /**
   * The results of a forward pass that the backward pass reads.
   *
   * @param input {@code [T, B, E]}
   * @param initial float32 {@code [B, H]}, the state before the first character
   * @param buffer float32, weights and biases after dropout of recurrent weights
   * @param output {@code [T, B, H]}, before dropout
   * @param last float32 {@code [B, H]}, the state after the last character
   * @param saved what the implementation needs besides
   */
  record Activations(
      NDArray input,
      NDArray initial,
      NDArray buffer,
      NDArray output,
      NDArray last,
      List<NDArray> saved) {
    /** Frees what only the backward pass needs. */
    void free() {
      saved.forEach(NDArray::close);
    }
  }

  /**
   * The results of a backward pass.
   *
   * @param input the gradient of the layer's input, {@code [T, B, E]}
   * @param buffer returns the gradient of its buffer, float32, and computes it if need be; it may
   *     be called once, on another stream
   */
  record LayerGradients(NDArray input, Supplier<NDArray> buffer) {}

  /**
   * Runs a layer.
   *
   * @param owner the manager of the results
   * @param continues empty, or float32 {@code [T, B, 1]}: 0 where the state is reset, else 1
   */
  Activations forward(
      PtNDManager owner, NDArray input, NDArray initial, NDArray buffer, List<NDArray> continues);

  /**
   * Computes the gradients of a layer from that of its output. The activations may be overwritten;
   * they must stay open until both gradients are computed.
   *
   * @param owner the manager of the results
   * @param gradient {@code [T, B, H]}
   */
  LayerGradients backward(
      PtNDManager owner, Activations activations, NDArray gradient, List<NDArray> continues);

  @Override
  default void close() {}
}
