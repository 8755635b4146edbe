package folio.inference.decoding;

import ai.djl.pytorch.jni.IValue;

/**
 * The hidden state of some rows, on the decoder's device: float32 {@code [rows, H]} a layer. It
 * belongs to whoever holds it and must be closed; a step reads it and makes a new one.
 */
public final class DecodeState implements AutoCloseable {
  private final IValue layers;
  private final int rows;

  DecodeState(IValue layers, int rows) {
    this.layers = layers;
    this.rows = rows;
  }

  IValue layers() {
    return layers;
  }

  /** How many rows there are, those that nobody uses included. */
  public int rows() {
    return rows;
  }

  @Override
  public void close() {
    layers.close();
  }
}
