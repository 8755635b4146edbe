package folio.trainer.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import folio.model.network.CharGruConfig;
import folio.trainer.corpus.Batch;
import folio.trainer.corpus.EncodedText;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The inputs of a step, in arrays whose addresses stay the same for all batches of one size, so
 * that a captured CUDA graph can read them. Owned by the training thread.
 */
final class StepInputs implements AutoCloseable {
  private final NDManager manager;
  private final DropoutRates dropout;
  private final int rows;
  private final int length;

  /** The memory of {@code characterValues}. */
  private final LongBuffer values;

  private final NDArray characterValues;
  private final NDArray characters;

  /** The memory of {@code carryMask} and {@code rateAndStep}. */
  private final NDArray numbers;

  private final NDArray carryMask;

  private final List<NDArray> continueMask = new ArrayList<>();

  /** {@code continueMask} on the host. */
  private final List<NDArray> continueValues = new ArrayList<>();

  /** The memory of {@code continueValues}, or null if the text has no documents. */
  private final FloatBuffer continuing;

  private final NDArray rateAndStep;

  /** The masks of the whole batch. All processes of a group draw the same ones. */
  private final List<NDArray> drawn = new ArrayList<>();

  /** The masks of this process's rows, as views of {@code drawn}. */
  private final List<NDArray> masks = new ArrayList<>();

  private final Part part;
  private final List<Double> keepProbabilities = new ArrayList<>();

  /**
   * Creates the inputs of batches of one size.
   *
   * @param batch the rows of this process
   * @param documents whether the state is reset where a document begins
   * @param part this process's part of the whole batch
   */
  StepInputs(
      NDManager parent,
      CharGruConfig network,
      Batch batch,
      DropoutRates dropout,
      boolean documents,
      Part part) {
    this.part = part;
    this.manager = parent.newSubManager();
    this.dropout = dropout;
    this.rows = batch.rows();
    this.length = batch.length();
    Shape shape = new Shape(length + 1L, rows);
    ByteBuffer memory = ByteBuffer.allocateDirect(Math.toIntExact(shape.size() * Long.BYTES));
    this.values = memory.order(ByteOrder.nativeOrder()).asLongBuffer();
    NDManager host = manager.newSubManager(Device.cpu());
    this.characterValues = host.create(memory, shape, DataType.INT64);
    this.characters = manager.zeros(shape, DataType.INT64);
    this.numbers = manager.zeros(new Shape(rows + 2));
    Results views = Results.of((PtNDManager) manager, "views", numbers);
    this.carryMask = views.array(0);
    this.rateAndStep = views.array(1);
    if (documents) {
      Shape steps = new Shape(length, rows, 1);
      ByteBuffer flags = ByteBuffer.allocateDirect(Math.toIntExact(steps.size() * Float.BYTES));
      this.continuing = flags.order(ByteOrder.nativeOrder()).asFloatBuffer();
      this.continueValues.add(host.create(flags, steps, DataType.FLOAT32));
      this.continueMask.add(manager.zeros(steps));
    } else {
      this.continuing = null;
    }
    long all = (long) rows * part.count();
    addMask(dropout.embedding(), new Shape(1, all, network.embeddingSize()));
    int hidden = network.hiddenSize();
    for (int layer = 0; layer < network.layers(); layer++) {
      addMask(dropout.recurrentWeight(), new Shape(3L * hidden, hidden));
      addMask(dropout.output(), new Shape(1, all, hidden));
    }
  }

  private void addMask(double rate, Shape shape) {
    if (rate > 0) {
      NDArray mask = manager.zeros(shape);
      drawn.add(mask);
      masks.add(shape.dimension() == 2 ? mask : ownRows(mask));
      keepProbabilities.add(1 - rate);
    }
  }

  /** Returns a view of the rows of this process in a mask {@code [1, B, …]}. */
  private NDArray ownRows(NDArray mask) {
    long first = part.index() * (long) rows;
    return Results.one((PtNDManager) manager, "rows", mask, first, (long) rows);
  }

  /** Returns whether a batch has the size of these inputs. */
  boolean fits(Batch batch) {
    return batch.rows() == rows && batch.length() == length;
  }

  /**
   * Writes the inputs of a step and draws its dropout masks.
   *
   * @param text the text that the batch is cut from, a ring
   * @param optimizerStep the number of steps that the optimizer has taken
   */
  void feed(EncodedText text, Batch batch, double learningRate, long optimizerStep) {
    cut(text, batch);
    double[] numberValues = new double[rows + 2];
    for (int row = 0; row < rows; row++) {
      numberValues[row] = batch.carriesState()[row] ? 1 : 0;
    }
    numberValues[rows] = learningRate;
    numberValues[rows + 1] = optimizerStep + 1;
    TrainingScript.get()
        .run(
            "feed",
            characters,
            numbers,
            continueMask,
            drawn,
            characterValues,
            numberValues,
            continueValues,
            keepProbabilities.stream().mapToDouble(probability -> probability).toArray())
        .close();
  }

  /** Copies the ids of a batch, and the places where documents begin, to the host's arrays. */
  private void cut(EncodedText text, Batch batch) {
    for (int row = 0; row < rows; row++) {
      long at = batch.starts()[row];
      for (int t = 0; t <= length; t++) {
        values.put(t * rows + row, text.id(at));
        if (continuing != null && t < length) {
          continuing.put(t * rows + row, text.endsDocument(at) ? 0 : 1);
        }
        at = at + 1 == text.length() ? 0 : at + 1;
      }
    }
  }

  /** Returns the ids of each row and of the character after it, int64 {@code [T + 1, B]}. */
  NDArray characters() {
    return characters;
  }

  /** Returns 1 for each row that continues from its state, else 0: float32 {@code [1, B, 1]}. */
  NDArray carryMask() {
    return carryMask;
  }

  /**
   * Returns 0 for each character from which a document is predicted, so that the state before it is
   * reset, else 1: float32 {@code [T, B, 1]}. The list is empty if the text has no documents.
   */
  List<NDArray> continueMask() {
    return continueMask;
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

  /** Returns the mask of the embedding, {@code [1, B, E]}; empty without dropout. */
  List<NDArray> embeddingMask() {
    return mask(dropout.embedding(), 0);
  }

  /** Returns the mask of a layer's hidden weight, {@code [3H, H]}; empty without dropout. */
  List<NDArray> weightMask(int layer) {
    return mask(dropout.recurrentWeight(), firstOf(layer));
  }

  /** Returns the mask of a layer's output, {@code [1, B, H]}; empty without dropout. */
  List<NDArray> outputMask(int layer) {
    return mask(dropout.output(), firstOf(layer) + (dropout.recurrentWeight() > 0 ? 1 : 0));
  }

  private int firstOf(int layer) {
    int each = (dropout.recurrentWeight() > 0 ? 1 : 0) + (dropout.output() > 0 ? 1 : 0);
    return (dropout.embedding() > 0 ? 1 : 0) + layer * each;
  }

  private List<NDArray> mask(double rate, int index) {
    return rate > 0 ? List.of(masks.get(index)) : List.of();
  }

  @Override
  public void close() {
    manager.close();
  }
}
