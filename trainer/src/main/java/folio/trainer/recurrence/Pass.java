package folio.trainer.recurrence;

import ai.djl.ndarray.NDArray;
import folio.runtime.cuda.CudaMemory;
import folio.runtime.cuda.TensorAddress;
import java.nio.ByteBuffer;

/**
 * A pass over a layer, which mirrors {@code struct Pass} of {@code layout.cuh}. T characters per
 * row, B rows, H hidden units. Arrays lie on the GPU, have no gaps, and must stay open until the
 * kernel has been launched. A half is float16 or bfloat16, as the kernels were compiled.
 *
 * @param gates half {@code [T, B, 3H]}. Forward: the input products without biases, which r, z and
 *     n replace. Backward: those, which the gradients of the gates' arguments replace.
 * @param hiddenN half {@code [T, B, H]}. Forward: receives n's part of the hidden product.
 *     Backward: that, which its gradient replaces.
 * @param states half {@code [T + 1, B, H]}; the forward pass writes the states, the initial one
 *     first
 * @param weights half; the hidden weight {@code [3H, H]} forward, and its transpose backward
 * @param biases float32 {@code [2, 3H]}, of input and hidden; null backward
 * @param initial float32 {@code [B, H]}, the state before the first character; null backward
 * @param last float32 {@code [B, H]}, receives the state after the last; null backward
 * @param gradients half {@code [T, B, H]}, of the outputs; null forward
 * @param continues float32 {@code [T, B]}, 0 where the state is reset before a character, else 1;
 *     or null
 */
public record Pass(
    NDArray gates,
    NDArray hiddenN,
    NDArray states,
    NDArray weights,
    NDArray biases,
    NDArray initial,
    NDArray last,
    NDArray gradients,
    NDArray continues) {
  /** The size of {@code struct Pass}. The kernels assert it. */
  static final int BYTES = 9 * Long.BYTES + 2 * Integer.BYTES;

  /** Returns B. */
  int rows() {
    return (int) gates.getShape().get(1);
  }

  /** Returns T. */
  private int steps() {
    return (int) gates.getShape().get(0);
  }

  /** Encodes the struct. */
  ByteBuffer encode() {
    ByteBuffer bytes = CudaMemory.hostBuffer(BYTES);
    NDArray[] arrays = {
      gates, hiddenN, states, weights, biases, initial, last, gradients, continues
    };
    for (NDArray array : arrays) {
      bytes.putLong(array == null ? 0 : TensorAddress.of(array));
    }
    return bytes.putInt(rows()).putInt(steps()).rewind();
  }
}
