package folio.inference.decoding;

import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaStream;
import java.util.HashMap;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * A decoder that launches the steps of one thread as CUDA graphs: one launch instead of three per
 * layer. It does so on a GPU, for batch sizes that were prepared. Owned by its thread; the decoder
 * must outlive it.
 */
public final class GraphedDecoder implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(GraphedDecoder.class);

  private final Decoder decoder;
  private final CudaStream stream;
  private final Map<Integer, StepGraph> graphs = new HashMap<>();
  private boolean captureFailed;

  /**
   * Wraps a decoder, without any prepared size.
   *
   * @param decoder its {@link Decoder#prepareThread} must have run on the calling thread
   */
  public GraphedDecoder(Decoder decoder) {
    this.decoder = decoder;
    this.stream = decoder.asynchronous() ? CudaStream.current() : null;
  }

  /** Returns whether {@link #prepare} can capture further steps. */
  public boolean preparable() {
    return stream != null && !captureFailed;
  }

  /**
   * Captures the step of a number of rows, which takes a few milliseconds. Does nothing if steps
   * cannot be captured.
   */
  public void prepare(int rows) {
    if (preparable() && !graphs.containsKey(rows)) {
      try {
        graphs.put(rows, new StepGraph(stream, decoder, rows));
      } catch (RuntimeException e) {
        // The device may have too little memory. The graphs that exist remain in use.
        captureFailed = true;
        LOG.warn(
            "CUDA graph not captured, further kernels are launched one by one error="
                + e.getMessage());
      }
    }
  }

  /** Runs one character for each row, like {@link Decoder#step}. */
  public StepOutput step(long[] ids, DecodeState state) {
    StepGraph graph = graphs.get(ids.length);
    return graph == null
        ? decoder.step(ids, state)
        : decoder.output(graph.step(ids, state), state.rows());
  }

  @Override
  public void close() {
    for (StepGraph graph : graphs.values()) {
      try {
        graph.close();
      } catch (CudaException e) {
        LOG.error("CUDA graph not freed error=" + e.getMessage()); // free the others
      }
    }
    graphs.clear();
  }
}
