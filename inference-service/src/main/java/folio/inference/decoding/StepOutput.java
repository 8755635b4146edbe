package folio.inference.decoding;

import ai.djl.ndarray.NDArray;
import folio.model.network.HostCopy;

/**
 * The logits and the state that a pass returns for every row. On a GPU the pass may still be
 * running; {@link #logits} waits for it. The caller of the pass closes the output and the state.
 */
public final class StepOutput implements AutoCloseable {
  private final NDArray logits;
  private final DecodeState state;

  /** The logits on the host, or null before the first call of {@link #logits}. */
  private float[] hostLogits;

  StepOutput(NDArray logits, DecodeState state) {
    this.logits = logits;
    this.state = state;
  }

  /**
   * Returns the logits after each row's last character, row-major {@code [rows, V]}. If the pass
   * was asked for every position, they are {@code [rows, T, V]}; positions past a row's length have
   * arbitrary values. The caller must not change the array.
   */
  public float[] logits() {
    if (hostLogits == null) {
      hostLogits = HostCopy.floats(logits);
    }
    return hostLogits;
  }

  /** Returns the state after each row's last character. It outlives this; the caller closes it. */
  public DecodeState state() {
    return state;
  }

  /** Frees the logits, but not the state. */
  @Override
  public void close() {
    logits.close();
  }
}
