package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import folio.model.network.HostCopy;
import java.util.List;

/**
 * The factor of the loss in float16, which keeps small gradients above the smallest float16 number.
 * A step whose gradients overflow is skipped and halves the factor; 2,000 steps without an overflow
 * double it. Everything stays on the device. Owned by the training thread.
 *
 * @see <a href="https://arxiv.org/abs/1710.03740">Micikevicius et al.</a>
 */
final class LossScale implements AutoCloseable {
  private static final float INITIAL = 65_536;

  private final NDManager manager;
  private final NDArray scale;
  private final NDArray goodSteps;
  private final NDArray overflow;
  private final NDArray skipped;

  /**
   * Creates a factor.
   *
   * @param parent the parent of the arrays
   */
  LossScale(NDManager parent) {
    this.manager = parent.newSubManager();
    this.scale = manager.full(new Shape(1), INITIAL);
    this.goodSteps = manager.zeros(new Shape(1), DataType.INT32);
    this.overflow = manager.zeros(new Shape(1));
    this.skipped = manager.zeros(new Shape(1));
  }

  /** Returns the factor: float32 {@code [1]}. */
  NDArray scale() {
    return scale;
  }

  /** Returns whether the gradients of the last {@link #unscale} overflowed: float32 {@code [1]}. */
  NDArray overflow() {
    return overflow;
  }

  /** Divides gradients by the factor in place, and looks for infinities. */
  void unscale(List<NDArray> gradients) {
    TrainingScript.get().run("unscale", gradients, scale, overflow).close();
  }

  /** Changes the factor for the next step, and counts a step that was skipped. */
  void update() {
    TrainingScript.get().run("rescale", scale, goodSteps, overflow, skipped).close();
  }

  /** Returns the number of skipped steps since the last call. This method waits for the device. */
  long takeSkipped() {
    long number = Math.round(HostCopy.number(skipped));
    skipped.muli(0);
    return number;
  }

  /** Returns the factor and the steps since it changed, as a new array: float32 {@code [2]}. */
  NDArray state() {
    try (NDArray steps = goodSteps.toType(DataType.FLOAT32, true)) {
      return scale.concat(steps);
    }
  }

  /** Restores what {@link #state} returned. */
  void restore(NDArray state) {
    try (NDArray factor = state.get("0:1");
        NDArray steps = state.get("1:2").toType(DataType.INT32, true)) {
      TrainingScript.get().run("carry", scale, factor).close();
      TrainingScript.get().run("carry", goodSteps, steps).close();
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
