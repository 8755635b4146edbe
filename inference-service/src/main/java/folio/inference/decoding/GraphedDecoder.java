package folio.inference.decoding;

import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaStream;
import java.util.HashMap;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * The steps of one thread with one decoder. On a GPU those of prepared sizes are launched as CUDA
 * graphs: a single launch instead of three a layer. Owned by its thread; the decoder must outlive
 * it.
 */
public final class GraphedDecoder implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(GraphedDecoder.class);

  private final Decoder decoder;
  private final CudaStream stream;
  private final Map<Integer, StepGraph> graphs = new HashMap<>();
  private boolean refused;

  /** Nothing is prepared; the thread must be one of {@link Decoder#prepareThread}. */
  public GraphedDecoder(Decoder decoder) {
    this.decoder = decoder;
    this.stream = decoder.asynchronous() ? CudaStream.current() : null;
  }

  /** Whether {@link #prepare} makes steps faster. */
  public boolean preparable() {
    return stream != null && !refused;
  }

  /** Records the step of so many rows, some milliseconds; without effect if that is impossible. */
  public void prepare(int rows) {
    if (preparable() && !graphs.containsKey(rows)) {
      try {
        graphs.put(rows, new StepGraph(stream, decoder, rows));
      } catch (RuntimeException e) {
        // Too little memory, for one: what is recorded already is used, and the rest goes without.
        refused = true;
        LOG.warn(
            "further steps are launched kernel by kernel, not as CUDA graphs: " + e.getMessage());
      }
    }
  }

  /** Like {@link Decoder#step}. */
  public StepOutput step(long[] ids, DecodeState state) {
    StepGraph graph = graphs.get(ids.length);
    return graph == null
        ? decoder.step(ids, state)
        : decoder.decoded(graph.step(ids, state), state.rows());
  }

  @Override
  public void close() {
    for (StepGraph graph : graphs.values()) {
      try {
        graph.close();
      } catch (CudaException e) {
        LOG.error("a graph cannot be freed: " + e.getMessage()); // the others can
      }
    }
    graphs.clear();
  }
}
