package folio.inference.fused;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.util.Float16Utils;
import folio.model.network.CharGru;
import folio.model.network.HostCopy;
import folio.runtime.cuda.CudaMemory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A packer that arranges a network's weights in the order in which the blocks of the persistent
 * kernel read them. Each method returns the content of one pointer of {@code struct Launch}.
 *
 * <p>Shapes: B blocks, R rows of a block in a matrix (three gates of its units), L layers, H hidden
 * units, V characters. A pair is 32 neighbouring columns, two k16 steps of a tensor-core product.
 */
final class WeightPacker {
  private static final float MAX_FLOAT16 = 65_504;

  /** The indices of a layer's tensors in {@link CharGru.Weights#layers}. */
  private static final int INPUT_WEIGHT = 0;

  private static final int HIDDEN_WEIGHT = 1;
  private static final int INPUT_BIAS = 2;
  private static final int HIDDEN_BIAS = 3;

  private final KernelLayout layout;
  private final CharGru network;
  private final CharGru.Weights weights;
  private final NDManager scratch;

  /**
   * Creates a packer of a network's weights.
   *
   * @param scratch the parent of temporary arrays, on the network's device
   */
  WeightPacker(KernelLayout layout, CharGru network, NDManager scratch) {
    this.layout = layout;
    this.network = network;
    this.weights = network.weights();
    this.scratch = scratch;
  }

  /**
   * Packs the matrices of all layers.
   *
   * @return float16 {@code [B][2L - 1][H / 32][R][32]}; the matrices are hidden 0, input 1, hidden
   *     1 and so on
   * @throws UnsupportedNetworkException if a weight exceeds the range of float16
   */
  ByteBuffer matrices() {
    List<float[]> matrices = new ArrayList<>();
    for (int layer = 0; layer < layout.layers(); layer++) {
      if (layer > 0) {
        matrices.add(HostCopy.floats(weights.layers().get(layer).get(INPUT_WEIGHT)));
      }
      matrices.add(HostCopy.floats(weights.layers().get(layer).get(HIDDEN_WEIGHT)));
    }
    int hidden = layout.hidden();
    int rows = layout.rows();
    ByteBuffer packed =
        CudaMemory.hostBuffer(layout.blocks() * layout.matrices() * rows * hidden * Short.BYTES);
    for (int block = 0; block < layout.blocks(); block++) {
      for (float[] matrix : matrices) {
        for (int column = 0; column < hidden; column += KernelLayout.PAIR_COLUMNS) {
          for (int row = 0; row < rows; row++) {
            int gate = row / layout.units();
            int unit = block * layout.units() + row % layout.units();
            int from = (gate * hidden + unit) * hidden + column;
            for (int i = 0; i < KernelLayout.PAIR_COLUMNS; i++) {
              packed.putShort(half(matrix[from + i]));
            }
          }
        }
      }
    }
    return packed.flip();
  }

  /**
   * Computes the first layer's input product and input bias for each character.
   *
   * @return float32 {@code [V][3][H]}
   */
  ByteBuffer inputTable() {
    NDArray embedding = weights.embedding().duplicate();
    embedding.attach(scratch);
    NDArray embedded = network.config().embeddingActivation().apply(embedding);
    embedded.attach(scratch);
    NDArray weight = weights.layers().get(0).get(INPUT_WEIGHT).transpose();
    weight.attach(scratch);
    NDArray product = embedded.matMul(weight);
    product.attach(scratch);
    NDArray sum = product.add(weights.layers().get(0).get(INPUT_BIAS));
    sum.attach(scratch);
    return floats(HostCopy.floats(sum));
  }

  /**
   * Packs the biases of all layers, input before hidden.
   *
   * @return float32 {@code [L][2][3][H]}
   */
  ByteBuffer biases() {
    int bytes = 3 * layout.hidden() * Float.BYTES;
    ByteBuffer packed = CudaMemory.hostBuffer(layout.layers() * 2 * bytes);
    for (int layer = 0; layer < layout.layers(); layer++) {
      for (int tensor = INPUT_BIAS; tensor <= HIDDEN_BIAS; tensor++) {
        packed.asFloatBuffer().put(HostCopy.floats(weights.layers().get(layer).get(tensor)));
        packed.position(packed.position() + bytes);
      }
    }
    return packed.flip();
  }

  /**
   * Packs the head. A projection, which only the head follows, is multiplied into it. Rows past V
   * are zero.
   *
   * @return float16 {@code [H / 32][headRows][32]}
   * @throws UnsupportedNetworkException if a weight exceeds the range of float16
   */
  ByteBuffer head() {
    NDArray matrix = weights.headWeight();
    if (weights.projection() != null) {
      matrix = matrix.matMul(weights.projection());
      matrix.attach(scratch);
    }
    float[] values = HostCopy.floats(matrix);
    int hidden = layout.hidden();
    int rows = layout.headRows();
    ByteBuffer packed = CudaMemory.hostBuffer(rows * hidden * Short.BYTES);
    for (int column = 0; column < hidden; column += KernelLayout.PAIR_COLUMNS) {
      for (int row = 0; row < rows; row++) {
        for (int i = 0; i < KernelLayout.PAIR_COLUMNS; i++) {
          float value = row < layout.vocabulary() ? values[row * hidden + column + i] : 0;
          packed.putShort(half(value));
        }
      }
    }
    return packed.flip();
  }

  /**
   * Copies the head's bias.
   *
   * @return float32 {@code [V]}
   */
  ByteBuffer headBias(int characters) {
    float[] bias = HostCopy.floats(weights.headBias());
    Arrays.fill(bias, characters, bias.length, Float.NEGATIVE_INFINITY);
    return floats(bias);
  }

  private static short half(float value) {
    if (!(Math.abs(value) <= MAX_FLOAT16)) { // true for NaN, too
      throw new UnsupportedNetworkException(
          "a weight is " + value + ", too large for float16, which ends at " + MAX_FLOAT16);
    }
    return Float16Utils.floatToHalf(value);
  }

  private static ByteBuffer floats(float[] values) {
    ByteBuffer packed = CudaMemory.hostBuffer(values.length * Float.BYTES);
    packed.asFloatBuffer().put(values);
    return packed;
  }
}
