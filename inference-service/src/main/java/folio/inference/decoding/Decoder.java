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
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.CudaStream;
import folio.runtime.torchscript.TorchScript;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Computes what {@link CharGru} computes, without gradients, for rows that come and go.
 *
 * <p>On a CPU, the weights are packed once for oneDNN. Its kernels sum a row's products in an order
 * that does not depend on how many rows there are, so a row's bits are the same alone, among others
 * and in a prompt read in parts; and they are faster than the ones PyTorch chooses by itself, which
 * pack anew at every call. The first layer's input product is a table with a row a character. What
 * follows a product works row by row, never on a flattened batch, whose last few elements would be
 * computed by another formula. All of this holds while a pass runs on one thread, see {@link
 * #prepareThread}: the engine spreads rows over threads, not a row's arithmetic.
 *
 * <p>On a GPU a step is bound by the number of kernels it launches: the hidden products of all
 * layers are one, then there are three kernels a layer; {@link GraphedDecoder} launches them all at
 * once.
 *
 * <p>Any number of threads may run passes at once. The network must outlive the decoder.
 */
public final class Decoder implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Decoder.class);

  private final CharGruConfig config;
  private final boolean gpu;
  private final boolean packed;
  private final PtNDManager manager;
  private final IValue weights;
  private final List<IValue> structure;

  /**
   * Takes its weights from a network: shares them on a GPU, packs copies on a CPU.
   *
   * @param parent arrays are made below it, on the network's device
   */
  public Decoder(NDManager parent, CharGru network) {
    this(parent, network, !parent.getDevice().isGpu());
  }

  /** For tests, which show that a CPU's rows depend on each other if weights are not packed. */
  Decoder(NDManager parent, CharGru network, boolean packed) {
    this.config = network.config();
    this.gpu = parent.getDevice().isGpu();
    this.packed = packed;
    this.manager = (PtNDManager) parent.newSubManager();
    try {
      this.weights = TorchScript.value(weights(network.weights()));
      this.structure =
          List.of(
              IValue.from(config.network() == NetworkKind.RESIDUAL),
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
   * Makes the calling thread one that may run passes: without gradients, with one thread for a
   * pass, without the executor that studies the first calls of a shape and then compiles it, and on
   * a GPU with a stream of its own, so that threads do not wait for each other's kernels.
   */
  public static void prepareThread(Device device) {
    Engine.getInstance(); // loads the library that the rest calls
    JniUtils.setGradMode(false);
    JniUtils.setNumThreads(1);
    JniUtils.setGraphExecutorOptimize(false);
    if (device.isGpu()) {
      try {
        CudaStream.enter(device);
      } catch (CudaException e) {
        LOG.warn("steps are launched kernel by kernel, not as CUDA graphs: " + e.getMessage());
      }
    }
  }

  /**
   * The input product of the first layer by character; the hidden weights of all layers in one,
   * float32 {@code [L,3H,H]}, only on a GPU; four tensors a layer; projection; head.
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

  /** All layers' hidden products need no result of this step: on a GPU they are one product. */
  private NDArray stackedHidden(CharGru.Weights from) {
    return call("stack", from.layers().stream().map(layer -> layer.get(1)).toList());
  }

  private NDArray pack(NDArray weight) {
    return packed ? call("pack", weight) : weight;
  }

  private NDArray call(String function, Object... arguments) {
    try (IValue result = DecoderScript.decoder().run(function, arguments)) {
      return result.toTensor(manager);
    }
  }

  /** The architecture. */
  public CharGruConfig config() {
    return config;
  }

  /** Whether passes go on after they return, until their logits are asked for. */
  public boolean asynchronous() {
    return gpu;
  }

  /** A row's state on the host, float32 {@code [L, H]}; waits for a GPU. */
  public float[] keep(DecodeState state, int row) {
    try (NDArray kept = row(state, row)) {
      return HostCopy.floats(kept);
    }
  }

  /** A copy of a row's state, float32 {@code [L, H]} without gaps, which the caller closes. */
  public NDArray row(DecodeState state, int row) {
    return call("keep", weights, state.layers(), row);
  }

  /** The state of a single row, from what {@link #keep} told. */
  public DecodeState restore(float[] kept) {
    try (NDArray values =
        manager.create(kept, new Shape(config.layers(), 1, config.hiddenSize()))) {
      return new DecodeState(DecoderScript.decoder().run("restore", weights, values), 1);
    }
  }

  /** The state before the first character, for some rows. */
  public DecodeState zeroState(int rows) {
    return new DecodeState(
        DecoderScript.decoder().run("zeros", weights, config.layers(), rows, config.hiddenSize()),
        rows);
  }

  /**
   * Runs one character for each row.
   *
   * @param ids int64 {@code [rows]}
   * @param state read, not changed
   */
  public StepOutput step(long[] ids, DecodeState state) {
    return pass("step", state, ids);
  }

  /**
   * Runs up to T characters for each row.
   *
   * @param ids int64 {@code [rows, T]}, row after row; what follows a row's length changes nothing
   * @param lengths how many characters each row really has, 1 to T
   * @param everyPosition whether to tell the logits after each of the T characters of every row,
   *     not only after its last
   * @param state read, not changed
   */
  public StepOutput prefill(long[] ids, long[] lengths, boolean everyPosition, DecodeState state) {
    return pass("prefill", state, ids, lengths, everyPosition);
  }

  private StepOutput pass(String function, DecodeState state, Object... inputs) {
    return decoded(run(function, state, inputs), state.rows());
  }

  private IValue run(String function, DecodeState state, Object... inputs) {
    List<Object> arguments = new ArrayList<>(List.of(weights, state.layers()));
    arguments.addAll(List.of(inputs));
    arguments.addAll(structure);
    return DecoderScript.decoder().run(function, arguments.toArray());
  }

  /** What a pass returned: logits and a state, which become the caller's. */
  StepOutput decoded(IValue result, int rows) {
    try (result) {
      IValue[] parts = result.toIValueTuple();
      try (IValue logits = parts[0]) {
        return new StepOutput(logits.toTensor(manager), new DecodeState(parts[1], rows));
      }
    }
  }

  /** Ids for {@link #captureStep}, only on a GPU. */
  IValue blankIds(int rows) {
    return DecoderScript.decoder().run("blank_ids", weights, rows);
  }

  /**
   * A step, only on a GPU.
   *
   * @return logits, state, and every array that its kernels wrote in between
   */
  IValue[] captureStep(IValue ids, DecodeState state) {
    try (IValue result = run("step_kept", state, ids)) {
      return result.toIValueTuple();
    }
  }

  /**
   * A state with other rows.
   *
   * @param rows for each row of the result, which one of the given rows it is: those of the first
   *     state count from 0, those of the second follow
   */
  public DecodeState arrange(DecodeState first, DecodeState second, long[] rows) {
    return new DecodeState(
        DecoderScript.decoder().run("arrange", weights, first.layers(), second.layers(), rows),
        rows.length);
  }

  @Override
  public void close() {
    weights.close();
    structure.forEach(IValue::close);
    manager.close();
  }
}
