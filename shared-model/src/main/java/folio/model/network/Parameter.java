package folio.model.network;

import ai.djl.ndarray.NDArray;

/**
 * A trained buffer of a network, which an optimizer updates in place.
 *
 * <p>A layer's four tensors share one buffer, {@code [W_ih | W_hh | b_ih | b_hh]}, so that cuDNN
 * reads them without a copy and an optimizer launches one chain of kernels per layer.
 *
 * @param name the PyTorch name of the tensor, or {@code layer.k} for a layer's buffer
 * @param values the buffer, float32 of any shape; owned by the network, never closed by a caller
 * @param matrixValues the number of leading values that belong to matrices; biases follow them
 */
public record Parameter(String name, NDArray values, long matrixValues) {}
