package folio.inference.decoding;

import ai.djl.ndarray.NDArray;
import folio.model.network.HostCopy;

/**
 * What a pass makes of every row. On a GPU it may still be under way; {@link #logits} waits for it.
 * Whoever asked for the pass owns both parts.
 */
public final class StepOutput implements AutoCloseable {
  private final NDArray logits;
  private final DecodeState state;
  private float[] fetched;

  StepOutput(NDArray logits, DecodeState state) {
    this.logits = logits;
    this.state = state;
  }

  /**
   * The logits {@code [rows, V]} after each row's last character, row after row; {@code [rows, T,
   * V]} if every position was asked for, of which those past a row's length mean nothing. Not to be
   * changed.
   */
  public float[] logits() {
    if (fetched == null) {
      fetched = HostCopy.floats(logits);
    }
    return fetched;
  }

  /** The state after each row's last character; outlives this and must be closed. */
  public DecodeState state() {
    return state;
  }

  /** Frees the logits. */
  @Override
  public void close() {
    logits.close();
  }
}
