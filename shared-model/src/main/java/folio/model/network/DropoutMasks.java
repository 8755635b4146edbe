package folio.model.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.norm.Dropout;
import java.util.ArrayList;
import java.util.List;

/**
 * The factors of one training step: 0 where a value is dropped, 1/(1-rate) where it is kept. They
 * hold over all characters of a step. The masks belong to the manager they were drawn in.
 */
public final class DropoutMasks {
  private final NDArray embedding;
  private final List<NDArray> outputs = new ArrayList<>();
  private final List<NDArray> weights = new ArrayList<>();

  private DropoutMasks(NDManager manager, CharGruConfig config, DropoutRates rates, int batch) {
    embedding = draw(manager, new Shape(batch, 1, config.embeddingSize()), rates.embedding());
    for (int k = 0; k < config.layers(); k++) {
      outputs.add(draw(manager, new Shape(batch, 1, config.hiddenSize()), rates.output()));
      weights.add(drawWeights(manager, config, k, rates.recurrentWeight()));
    }
  }

  /**
   * Draws from the engine's generator, so that seeding it with (seed, step) makes a step's masks a
   * function of both.
   *
   * @param batch B, the number of sequences
   */
  public static DropoutMasks draw(
      NDManager manager, CharGruConfig config, DropoutRates rates, int batch) {
    return new DropoutMasks(manager, config, rates, batch);
  }

  private static NDArray draw(NDManager manager, Shape shape, double rate) {
    return rate == 0 ? null : Dropout.dropout(manager.ones(shape), (float) rate, true).head();
  }

  /** Ones around the mask of W_hh: a product over the whole buffer keeps it contiguous. */
  private static NDArray drawWeights(NDManager manager, CharGruConfig config, int k, double rate) {
    if (rate == 0) {
      return null;
    }
    long gates = 3L * config.hiddenSize();
    NDArray before = manager.ones(new Shape(gates * config.inputSize(k)));
    NDArray dropped = draw(manager, new Shape(gates * config.hiddenSize()), rate);
    NDArray after = manager.ones(new Shape(2 * gates));
    return NDArrays.concat(new ai.djl.ndarray.NDList(before, dropped, after), 0);
  }

  NDArray dropEmbedding(NDArray x) {
    return apply(embedding, x);
  }

  NDArray dropOutput(int k, NDArray x) {
    return apply(outputs.get(k), x);
  }

  NDArray dropWeights(int k, NDArray buffer) {
    return apply(weights.get(k), buffer);
  }

  /** The mask comes first: a result belongs to the manager of its first operand. */
  private static NDArray apply(NDArray mask, NDArray x) {
    return mask == null ? x : mask.mul(x);
  }
}
