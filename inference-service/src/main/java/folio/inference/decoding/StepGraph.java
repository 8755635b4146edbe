package folio.inference.decoding;

import ai.djl.pytorch.jni.IValue;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaGraph;
import folio.runtime.cuda.CudaStream;

/**
 * A CUDA graph of one step for a fixed number of rows. Its kernels read and write the same arrays
 * at every launch, so the graph holds all of them, intermediate results included. Owned by the
 * thread that captured it; the decoder must outlive it.
 */
final class StepGraph implements AutoCloseable {
  private final IValue ids;
  private DecodeState state;

  /** Logits, state and intermediate arrays, as {@link Decoder#captureStep} returns them. */
  private IValue[] result;

  private CudaGraph graph;

  /**
   * Captures a step, after a step that lets libtorch choose the kernels.
   *
   * @throws CudaException if the step cannot be captured
   */
  StepGraph(CudaStream stream, Decoder decoder, int rows) {
    this.ids = decoder.blankIds(rows);
    try {
      this.state = decoder.zeroState(rows);
      close(decoder.captureStep(ids, state));
      this.graph = stream.record(() -> result = decoder.captureStep(ids, state));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Runs the step like {@link Decoder#step}.
   *
   * @return copies of the logits and the state, which the next launch does not overwrite
   */
  IValue step(long[] values, DecodeState before) {
    DecoderScript.decoder().run("feed", ids, state.layers(), values, before.layers()).close();
    graph.launch();
    return DecoderScript.decoder().run("fetch", result[0], result[1]);
  }

  private static void close(IValue[] values) {
    for (IValue value : values) {
      value.close();
    }
  }

  @Override
  public void close() {
    try {
      if (graph != null) {
        graph.close();
      }
    } finally {
      if (result != null) {
        close(result);
      }
      if (state != null) {
        state.close();
      }
      ids.close();
    }
  }
}
