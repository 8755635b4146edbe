package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGruConfig;
import folio.trainer.corpus.Batch;
import java.util.ArrayList;
import java.util.List;

/**
 * The inputs of a step, in arrays whose addresses stay the same for all batches of one size, so
 * that a captured CUDA graph can read them. Owned by the training thread.
 */
final class StepInputs implements AutoCloseable {
  private final NDManager manager;
  private final int length;
  private final NDArray starts;
  private final NDArray carryMask;
  private final NDArray rateAndStep;
  private final List<NDArray> masks = new ArrayList<>();
  private final List<Double> keepProbabilities = new ArrayList<>();

  StepInputs(NDManager parent, CharGruConfig network, Batch batch, DropoutRates dropout) {
    this.manager = parent.newSubManager();
    int rows = batch.rows();
    this.length = batch.length();
    this.starts = manager.zeros(new Shape(rows), DataType.INT64);
    this.carryMask = manager.zeros(new Shape(1, rows, 1));
    this.rateAndStep = manager.zeros(new Shape(2));
    addMask(dropout.embedding(), new Shape(1, rows, network.embeddingSize()));
    int hidden = network.hiddenSize();
    for (int layer = 0; layer < network.layers(); layer++) {
      addMask(dropout.recurrentWeight(), new Shape(3L * hidden, hidden));
      addMask(dropout.output(), new Shape(1, rows, hidden));
    }
  }

  private void addMask(double rate, Shape shape) {
    if (rate > 0) {
      masks.add(manager.zeros(shape));
      keepProbabilities.add(1 - rate);
    }
  }

  /** Returns whether a batch has the size of these inputs. */
  boolean fits(Batch batch) {
    return batch.rows() == starts.size() && batch.length() == length;
  }

  /**
   * Writes the inputs of a step and draws its dropout masks.
   *
   * @param step the number of the step, from 0
   */
  void feed(Batch batch, double learningRate, long step) {
    double[] carried = new double[batch.rows()];
    for (int row = 0; row < carried.length; row++) {
      carried[row] = batch.carriesState()[row] ? 1 : 0;
    }
    TrainingScript.get()
        .run(
            "feed",
            starts,
            carryMask,
            rateAndStep,
            masks,
            batch.starts(),
            carried,
            new double[] {learningRate, step + 1},
            keepProbabilities.stream().mapToDouble(probability -> probability).toArray())
        .close();
  }

  /** Returns the position of each row's first character in the text, int64 {@code [B]}. */
  NDArray starts() {
    return starts;
  }

  /** Returns the number of characters per row, T. */
  int length() {
    return length;
  }

  /** Returns 1 for each row that continues from its state, else 0: float32 {@code [1, B, 1]}. */
  NDArray carryMask() {
    return carryMask;
  }

  /** Returns the learning rate and the number of the step from 1: float32 {@code [2]}. */
  NDArray rateAndStep() {
    return rateAndStep;
  }

  /**
   * Returns the dropout masks with a rate above 0: the embedding's, then W_hh's and the output's of
   * each layer. A mask holds 0 for a dropped value and the scale of the others.
   */
  List<NDArray> masks() {
    return masks;
  }

  @Override
  public void close() {
    manager.close();
  }
}
