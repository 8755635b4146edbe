package folio.inference.decoding;

import ai.djl.pytorch.jni.IValue;
import folio.runtime.cuda.CudaGraph;
import folio.runtime.cuda.CudaStream;

/**
 * One step for a fixed number of rows, recorded once and launched as a whole. Its kernels read and
 * write the same arrays every time: all of them are kept, those between the kernels too. Owned by
 * the thread that recorded it; the decoder must outlive it.
 */
final class StepGraph implements AutoCloseable {
  private final IValue ids;
  private DecodeState state;
  private IValue[] result;
  private CudaGraph graph;

  /** Records a step of a decoder's, after one that chooses the kernels. */
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

  /** Like {@link Decoder#step}; the result is a copy of its own. */
  IValue step(long[] values, DecodeState given) {
    DecoderScript.decoder().run("feed", ids, state.layers(), values, given.layers()).close();
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
