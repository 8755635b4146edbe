package folio.inference.decoding;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.HostCopy;
import folio.model.network.Nonlinearity;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaStream;
import folio.runtime.torchscript.TorchScript;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;

/**
 * A {@link CharGru} for inference with libtorch: steps and prompts, without gradients, of batches
 * whose rows change.
 *
 * <p>On a CPU, a row has the same bits alone, among other rows and in a prompt that is read in
 * chunks. The weights are packed once for oneDNN, whose kernels sum a row's products in an order
 * that does not depend on the number of rows. They are also faster than the kernels that PyTorch
 * chooses by default, which pack at every call. The first layer's input product is a table with one
 * row per character. Elementwise operations work on rows, never on a flattened batch, whose last
 * few elements would be computed by another formula. All of this requires that a pass runs on one
 * thread, see {@link #prepareThread}: the engine distributes rows over threads, not a row's
 * arithmetic.
 *
 * <p>On a GPU, the number of kernel launches limits a step. One product computes the hidden parts
 * of all layers; three kernels per layer follow. {@link GraphedDecoder} launches them all at once.
 *
 * <p>Any number of threads may run passes at the same time. The network must outlive the decoder.
 */
public final class Decoder implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Decoder.class);

  private final CharGruConfig config;
  private final boolean gpu;
  private final PtNDManager manager;
  private final IValue weights;
  private final List<IValue> structure;

  /** The number of states that are not closed; tests read it to find leaks. */
  private final AtomicInteger openStates = new AtomicInteger();

  /**
   * Creates a decoder that shares a network's weights on a GPU and packs copies of them on a CPU.
   *
   * @param parent the parent of the decoder's own arrays, on the network's device
   */
  public Decoder(NDManager parent, CharGru network) {
    this.config = network.config();
    this.gpu = parent.getDevice().isGpu();
    this.manager = (PtNDManager) parent.newSubManager();
    try {
      this.weights = TorchScript.value(weights(network.weights()));
      this.structure =
          List.of(
              IValue.from(
                  switch (config.network()) {
                    case PLAIN -> false;
                    case RESIDUAL -> true;
                  }),
              IValue.from(config.headActivation() == Nonlinearity.RELU),
              IValue.from(config.projectionSize() != null));
      if (gpu) {
        CudaStream.synchronize(parent.getDevice()); // other streams do not wait for this one
      }
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  /**
   * Prepares the calling thread for passes. It disables gradients, uses one thread for a pass and
   * disables the profiling executor, which observes the first calls of a shape and then compiles
   * it. On a GPU it gives the thread a stream of its own, so that threads do not wait for each
   * other's kernels.
   */
  public static void prepareThread(Device device) {
    Engine.getInstance(); // loads libtorch
    JniUtils.setGradMode(false);
    JniUtils.setNumThreads(1);
    JniUtils.setGraphExecutorOptimize(false);
    if (device.isGpu()) {
      try {
        CudaStream.enter(device);
      } catch (CudaException e) {
        LOG.warn("CUDA graphs not used, kernels are launched one by one error=" + e.getMessage());
      }
    }
  }

  /**
   * Returns the weights in the order of {@code decoder.torchscript.py}: the first layer's input
   * product by character; the hidden weights of all layers, float32 {@code [L, 3H, H]}, on a GPU;
   * four tensors per layer; the projection, if there is one; the head's weight and bias.
   */
  private List<NDArray> weights(CharGru.Weights from) {
    List<NDArray> list = new ArrayList<>();
    for (NDList layer : from.layers()) {
      list.addAll(List.of(pack(layer.get(0)), pack(layer.get(1)), layer.get(2), layer.get(3)));
    }
    NDArray embedded = config.embeddingActivation().apply(from.embedding());
    NDArray table = call("product", embedded, list.get(0), list.get(2));
    if (embedded != from.embedding()) {
      embedded.close();
    }
    list.addAll(0, List.of(table, gpu ? stackedHidden(from) : table));
    if (from.projection() != null) {
      list.add(pack(from.projection()));
    }
    list.add(pack(from.headWeight()));
    list.add(from.headBias());
    return list;
  }

  /** Stacks the hidden weights: no hidden product needs a result of the same step. */
  private NDArray stackedHidden(CharGru.Weights from) {
    return call("stack", from.layers().stream().map(layer -> layer.get(1)).toList());
  }

  private NDArray pack(NDArray weight) {
    return gpu ? weight : call("pack", weight);
  }

  private NDArray call(String function, Object... arguments) {
    try (IValue result = DecoderScript.decoder().run(function, arguments)) {
      return result.toTensor(manager);
    }
  }

  /** Returns the architecture. */
  public CharGruConfig config() {
    return config;
  }

  /** Returns whether a pass may still run after its method has returned, as it does on a GPU. */
  public boolean asynchronous() {
    return gpu;
  }

  /** Copies a row's state to the host, float32 {@code [L, H]}. Waits for a GPU. */
  public float[] readState(DecodeState state, int row) {
    try (NDArray values = row(state, row)) {
      return HostCopy.floats(values);
    }
  }

  /**
   * Copies a row's state on the device, float32 {@code [L, H]} without gaps. The caller closes it.
   */
  public NDArray row(DecodeState state, int row) {
    return call("row", weights, state.layers(), row);
  }

  /**
   * Creates the state of a single row.
   *
   * @param saved float32 {@code [L, H]}, from {@link #readState}
   */
  public DecodeState restore(float[] saved) {
    try (NDArray values =
        manager.create(saved, new Shape(config.layers(), 1, config.hiddenSize()))) {
      return new DecodeState(
          DecoderScript.decoder().run("restore", weights, values), 1, openStates);
    }
  }

  /** Creates the state before the first character, for a number of rows. */
  public DecodeState zeroState(int rows) {
    return new DecodeState(
        DecoderScript.decoder().run("zeros", weights, config.layers(), rows, config.hiddenSize()),
        rows,
        openStates);
  }

  /**
   * Runs one character for each row.
   *
   * @param ids int64 {@code [rows]}
   * @param state the state before the step, which stays the caller's
   */
  public StepOutput step(long[] ids, DecodeState state) {
    return pass("step", state, ids);
  }

  /**
   * Runs up to T characters for each row.
   *
   * @param ids int64 {@code [rows, T]}, row-major; ids past a row's length have no effect
   * @param lengths the number of characters of each row, 1 to T
   * @param everyPosition whether to return the logits after each of the T characters of every row
   *     instead of after its last
   * @param state the state before the first character, which stays the caller's
   */
  public StepOutput prefill(long[] ids, long[] lengths, boolean everyPosition, DecodeState state) {
    return pass("prefill", state, ids, lengths, everyPosition);
  }

  private StepOutput pass(String function, DecodeState state, Object... inputs) {
    return output(run(function, state, inputs), state.rows());
  }

  private IValue run(String function, DecodeState state, Object... inputs) {
    List<Object> arguments = new ArrayList<>(List.of(weights, state.layers()));
    arguments.addAll(List.of(inputs));
    arguments.addAll(structure);
    return DecoderScript.decoder().run(function, arguments.toArray());
  }

  /** Converts the result of a pass, logits and a state, and closes it. */
  StepOutput output(IValue result, int rows) {
    try (result) {
      IValue[] parts = result.toIValueTuple();
      try (IValue logits = parts[0]) {
        return new StepOutput(
            logits.toTensor(manager), new DecodeState(parts[1], rows, openStates));
      }
    }
  }

  /** Creates the ids of {@link #captureStep}, all zero. Needs a GPU. */
  IValue blankIds(int rows) {
    return DecoderScript.decoder().run("blank_ids", weights, rows);
  }

  /**
   * Runs a step that can be captured in a graph. Needs a GPU.
   *
   * @return logits, state, and every intermediate array that the kernels write
   */
  IValue[] captureStep(IValue ids, DecodeState state) {
    try (IValue result = run("captured_step", state, ids)) {
      return result.toIValueTuple();
    }
  }

  /**
   * Creates a state from rows of two others, which stay the caller's.
   *
   * @param rows for each row of the result, the index of its source: rows of the first state count
   *     from 0, rows of the second follow
   */
  public DecodeState arrange(DecodeState first, DecodeState second, long[] rows) {
    return new DecodeState(
        DecoderScript.decoder().run("arrange", weights, first.layers(), second.layers(), rows),
        rows.length,
        openStates);
  }

  /** Returns the number of states that are not closed. */
  int openStates() {
    return openStates.get();
  }

  @Override
  public void close() {
    weights.close();
    structure.forEach(IValue::close);
    manager.close();
  }
}
