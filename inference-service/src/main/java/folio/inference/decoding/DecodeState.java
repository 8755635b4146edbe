package folio.inference.decoding;

import ai.djl.pytorch.jni.IValue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The hidden state of a batch of rows, on the decoder's device: float32 {@code [rows, H]} per
 * layer. It is immutable: a step reads it and returns a new one. The caller that received it closes
 * it.
 */
public final class DecodeState implements AutoCloseable {
  private final IValue layers;
  private final int rows;
  private final AtomicInteger openStates;

  /**
   * Takes over a state.
   *
   * @param openStates counts the states that are not closed
   */
  DecodeState(IValue layers, int rows, AtomicInteger openStates) {
    this.layers = layers;
    this.rows = rows;
    this.openStates = openStates;
    openStates.incrementAndGet();
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
    if (!layers.isReleased()) {
      openStates.decrementAndGet();
    }
    layers.close();
  }
}
