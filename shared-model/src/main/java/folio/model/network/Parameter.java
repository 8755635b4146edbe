package folio.model.network;

import ai.djl.ndarray.NDArray;

/**
 * One trained buffer of a network, updated in place by an optimizer.
 *
 * <p>A layer's four tensors share one buffer, {@code [W_ih | W_hh | b_ih | b_hh]}, so that cuDNN
 * reads them where they lie and an optimizer has one chain of kernels a layer.
 *
 * @param name the PyTorch name of the tensor, or {@code layer.k} for a layer's buffer
 * @param values the buffer, float32 of any shape; owned by the network, never closed by a caller
 * @param matrixValues how many of the leading values belong to matrices; biases follow them
 */
public record Parameter(String name, NDArray values, long matrixValues) {}
