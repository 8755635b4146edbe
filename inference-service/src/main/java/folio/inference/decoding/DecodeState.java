package folio.inference.decoding;

import ai.djl.pytorch.jni.IValue;

/**
 * The hidden state of a batch of rows, on the decoder's device: float32 {@code [rows, H]} per
 * layer. It is immutable: a step reads it and returns a new one. The caller that received it closes
 * it.
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

  /** Returns the number of rows, including unused ones. */
  public int rows() {
    return rows;
  }

  @Override
  public void close() {
    layers.close();
  }
}
