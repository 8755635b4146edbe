package folio.inference.fused;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.util.Float16Utils;
import folio.model.network.CharGru;
import folio.model.network.HostCopy;
import folio.runtime.cuda.CudaMemory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
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

  private static final int GATES = 3;

  /** The number of columns of a k16 step. */
  private static final int STEP_COLUMNS = 16;

  /** The indices of a layer's tensors in {@link CharGru.Weights#layers}. */
  private static final int INPUT_WEIGHT = 0;

  private static final int HIDDEN_WEIGHT = 1;
  private static final int INPUT_BIAS = 2;
  private static final int HIDDEN_BIAS = 3;

  private final CharGru network;
  private final CharGru.Weights weights;
  private final NDManager scratch;

  /**
   * Creates a packer of a network's weights.
   *
   * @param scratch the parent of temporary arrays, on the network's device
   */
  WeightPacker(CharGru network, NDManager scratch) {
    this.network = network;
    this.weights = network.weights();
    this.scratch = scratch;
  }

  /**
   * Packs the matrices of all layers for small and large batches.
   *
   * @return float16 {@code [B][2L - 1][H / 32][R][32]}; the matrices are hidden 0, input 1, hidden
   *     1 and so on
   * @throws UnsupportedNetworkException if a weight exceeds the range of float16
   */
  ByteBuffer matrices(KernelLayout layout) {
    List<float[]> matrices = new ArrayList<>();
    for (int layer = 0; layer < layers(); layer++) {
      if (layer > 0) {
        matrices.add(matrix(layer, INPUT_WEIGHT));
      }
      matrices.add(matrix(layer, HIDDEN_WEIGHT));
    }
    int hidden = hidden();
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
   * Packs the matrices of all layers for the pipeline, in the order of {@code wgmma.cuh}. The rows
   * of a block are eight units of gate r, the same units of z and of n, then the next eight units.
   *
   * @return float16 {@code [block of a layer][2][H / 16][R / 8][2][8][8]}, of which the axes after
   *     the block are: input and hidden, k16 step, eight rows, eight columns, row, column. The
   *     first layer's input matrix, which the table replaces, is zero.
   * @throws UnsupportedNetworkException if a weight exceeds the range of float16
   */
  ByteBuffer matrices(PipelineLayout layout) {
    int hidden = hidden();
    int matrixHalves = layout.rows() * hidden;
    int layerHalves = layout.layerBlocks() * 2 * matrixHalves;
    ByteBuffer packed = CudaMemory.hostBuffer(layers() * layerHalves * Short.BYTES);
    for (int layer = 0; layer < layers(); layer++) {
      for (int tensor = INPUT_WEIGHT; tensor <= HIDDEN_WEIGHT; tensor++) {
        if (layer == 0 && tensor == INPUT_WEIGHT) {
          continue;
        }
        float[] matrix = matrix(layer, tensor);
        for (int block = 0; block < layout.layerBlocks(); block++) {
          int at = layer * layerHalves + (2 * block + tensor) * matrixHalves;
          packed.position(at * Short.BYTES);
          putBlock(packed, matrix, layout, block);
        }
      }
    }
    return packed.rewind();
  }

  /** Puts the rows of one block of the pipeline. */
  private void putBlock(ByteBuffer packed, float[] matrix, PipelineLayout layout, int block) {
    int hidden = hidden();
    for (int step = 0; step < hidden / STEP_COLUMNS; step++) {
      for (int eight = 0; eight < layout.rows() / 8; eight++) {
        int gate = eight % GATES;
        int firstUnit = block * layout.units() + eight / GATES * 8;
        for (int position = 0; position < STEP_COLUMNS; position += 8) {
          for (int unit = firstUnit; unit < firstUnit + 8; unit++) {
            for (int i = position; i < position + 8; i++) {
              packed.putShort(half(matrix[(gate * hidden + unit) * hidden + column(step, i)]));
            }
          }
        }
      }
    }
  }

  /**
   * Returns the column of a matrix that a k16 step has at a position. Two steps share 32 columns,
   * of which every eight are four positions of one step and then four of the other: see {@code
   * mma.cuh}.
   */
  private static int column(int step, int position) {
    int first = step / 2 * KernelLayout.PAIR_COLUMNS + step % 2 * 4;
    return first + position % 8 / 2 * 8 + position / 8 * 2 + position % 2;
  }

  private int layers() {
    return network.config().layers();
  }

  private int hidden() {
    return network.config().hiddenSize();
  }

  private float[] matrix(int layer, int tensor) {
    return HostCopy.floats(weights.layers().get(layer).get(tensor));
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
    int bytes = GATES * hidden() * Float.BYTES;
    ByteBuffer packed = CudaMemory.hostBuffer(layers() * 2 * bytes);
    for (int layer = 0; layer < layers(); layer++) {
      for (int tensor = INPUT_BIAS; tensor <= HIDDEN_BIAS; tensor++) {
        packed.asFloatBuffer().put(matrix(layer, tensor));
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
    int hidden = hidden();
    int vocabulary = network.config().vocabularySize();
    int rows = KernelLayout.headRows(vocabulary);
    ByteBuffer packed = CudaMemory.hostBuffer(rows * hidden * Short.BYTES);
    for (int column = 0; column < hidden; column += KernelLayout.PAIR_COLUMNS) {
      for (int row = 0; row < rows; row++) {
        for (int i = 0; i < KernelLayout.PAIR_COLUMNS; i++) {
          float value = row < vocabulary ? values[row * hidden + column + i] : 0;
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
  ByteBuffer headBias() {
    return floats(HostCopy.floats(weights.headBias()));
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
