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
 * What steps with batches of one size differ in, in arrays that stay where they are. Owned by the
 * training thread.
 */
final class StepInputs implements AutoCloseable {
  private final NDManager manager;
  private final int length;
  private final NDArray starts;
  private final NDArray keeps;
  private final NDArray pace;
  private final List<NDArray> masks = new ArrayList<>();
  private final List<Double> shares = new ArrayList<>();

  StepInputs(NDManager parent, CharGruConfig network, Batch batch, DropoutRates dropout) {
    this.manager = parent.newSubManager();
    int rows = batch.rows();
    this.length = batch.length();
    this.starts = manager.zeros(new Shape(rows), DataType.INT64);
    this.keeps = manager.zeros(new Shape(1, rows, 1));
    this.pace = manager.zeros(new Shape(2));
    mask(dropout.embedding(), new Shape(1, rows, network.embeddingSize()));
    int hidden = network.hiddenSize();
    for (int layer = 0; layer < network.layers(); layer++) {
      mask(dropout.recurrentWeight(), new Shape(3L * hidden, hidden));
      mask(dropout.output(), new Shape(1, rows, hidden));
    }
  }

  private void mask(double rate, Shape shape) {
    if (rate > 0) {
      masks.add(manager.zeros(shape));
      shares.add(1 - rate);
    }
  }

  /** Whether they can be a batch's. */
  boolean fit(Batch batch) {
    return batch.rows() == starts.size() && batch.length() == length;
  }

  /**
   * Writes a step's, and draws its masks.
   *
   * @param step from 0
   */
  void feed(Batch batch, double learningRate, long step) {
    double[] kept = new double[batch.rows()];
    for (int row = 0; row < kept.length; row++) {
      kept[row] = batch.keepsState()[row] ? 1 : 0;
    }
    TrainingScript.get()
        .run(
            "feed",
            starts,
            keeps,
            pace,
            masks,
            batch.starts(),
            kept,
            new double[] {learningRate, step + 1},
            shares.stream().mapToDouble(share -> share).toArray())
        .close();
  }

  /** Where each row begins in the text, int64 {@code [B]}. */
  NDArray starts() {
    return starts;
  }

  /** T, characters a row. */
  int length() {
    return length;
  }

  /** 1 for rows that go on from their state, else 0: float32 {@code [1, B, 1]}. */
  NDArray keeps() {
    return keeps;
  }

  /** The learning rate, and the step's number from 1: float32 {@code [2]}. */
  NDArray pace() {
    return pace;
  }

  /** What is dropped, 0, and by how much the rest is scaled: embedding, then two a layer. */
  List<NDArray> masks() {
    return masks;
  }

  @Override
  public void close() {
    manager.close();
  }
}
