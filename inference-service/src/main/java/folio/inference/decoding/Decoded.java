package folio.inference.decoding;

import ai.djl.ndarray.NDArray;

/**
 * What a pass makes of every row. On a GPU it may still be under way; {@link #logits} waits for it.
 * Whoever asked for the pass owns both parts.
 */
public final class Decoded implements AutoCloseable {
  private final NDArray logits;
  private final DecodeState state;

  Decoded(NDArray logits, DecodeState state) {
    this.logits = logits;
    this.state = state;
  }

  /** The logits {@code [rows, V]} after each row's last character, row after row. */
  public float[] logits() {
    return logits.toFloatArray();
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
