package folio.model.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/**
 * A character-level GRU: an embedding, L GRU layers and a linear head over the vocabulary.
 *
 * <p>The plain network computes {@code logits = head(gru(embedding(ids)))}. The residual network
 * computes {@code out = gru_0(embedding)}, then {@code out = out + gru_k(out)} for each further
 * layer, and {@code logits = head(out)}. The gates are in PyTorch's order: reset, update, new.
 *
 * <p>Owned by one thread at a time. The results of a forward pass belong to the manager of its ids.
 * The weights belong to the network until {@link #close}.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.GRU.html">torch.nn.GRU</a>
 */
public final class CharGru implements AutoCloseable {
  private final CharGruConfig config;
  private final NDManager manager;
  private final NDArray embedding;
  private final List<NDArray> layers = new ArrayList<>();
  private final List<NDList> layerTensors = new ArrayList<>();
  private final NDArray projection;
  private final NDArray headWeight;
  private final NDArray headBias;

  /**
   * Creates a network with copies of the given tensors.
   *
   * @param parent the parent of the network's manager; the network lies on its device
   * @param tensors every tensor of {@link CharGruConfig#tensorShapes}, by name, float32 or float16;
   *     the copies are float32
   * @throws IllegalArgumentException if a tensor is missing or has a wrong shape; the message names
   *     it
   */
  public CharGru(NDManager parent, CharGruConfig config, NDList tensors) {
    this.config = config;
    this.manager = parent.newSubManager();
    manager.setName("network");
    try (NDManager scratch = manager.newSubManager()) {
      this.embedding = copy(scratch, tensors, "embedding.weight");
      for (int k = 0; k < config.layers(); k++) {
        NDList flat = new NDList();
        for (String name : config.layerTensorNames(k)) {
          flat.add(copy(scratch, tensors, name).flatten());
        }
        NDArray buffer = NDArrays.concat(flat, 0);
        buffer.attach(manager);
        layers.add(buffer);
        NDList views = split(k, buffer);
        views.attach(manager);
        layerTensors.add(views);
      }
      this.projection =
          config.projectionSize() == null ? null : copy(scratch, tensors, "projection.weight");
      this.headWeight = config.tied() ? embedding : copy(scratch, tensors, "linear.weight");
      this.headBias = copy(scratch, tensors, "linear.bias");
      for (NDArray tensor : Arrays.asList(embedding, projection, headWeight, headBias)) {
        if (tensor != null) {
          tensor.attach(manager);
        }
      }
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  /** Returns a float32 copy of a tensor in the scratch manager; its shape fits the config. */
  private NDArray copy(NDManager scratch, NDList tensors, String name) {
    NDArray source = tensors.get(name);
    Shape expected = config.tensorShapes().get(name);
    if (source == null) {
      throw new IllegalArgumentException("tensor " + name + " is missing");
    }
    if (!source.getShape().equals(expected)) {
      throw new IllegalArgumentException(
          "tensor " + name + " has shape " + source.getShape() + " instead of " + expected);
    }
    // Only duplicate() always copies. toDevice and toType may return the same memory. For an array
    // made from a Java buffer, that is the buffer's memory, which is freed with the buffer.
    NDArray own = source.duplicate();
    own.attach(scratch);
    NDArray onDevice = own.toDevice(scratch.getDevice(), false);
    onDevice.attach(scratch);
    NDArray copy = onDevice.toType(DataType.FLOAT32, false);
    copy.attach(scratch);
    return copy;
  }

  /**
   * Creates a network with random weights from PyTorch's initial distributions: N(0, 1) for the
   * embedding, uniform in ±1/√H for a GRU layer, and uniform in ±1/√(input width) for the others.
   *
   * @param random the source of the weights; it is used on the host, so that every device starts
   *     from the same weights
   */
  public static CharGru initialize(NDManager parent, CharGruConfig config, RandomGenerator random) {
    try (NDManager scratch = parent.newSubManager()) {
      NDList tensors = new NDList();
      for (Map.Entry<String, Shape> entry : config.tensorShapes().entrySet()) {
        float[] values = new float[Math.toIntExact(entry.getValue().size())];
        double bound = 1 / Math.sqrt(fanIn(config, entry.getKey()));
        for (int i = 0; i < values.length; i++) {
          values[i] =
              entry.getKey().equals("embedding.weight")
                  ? (float) random.nextGaussian()
                  : (float) random.nextDouble(-bound, bound);
        }
        NDArray tensor = scratch.create(values, entry.getValue());
        tensor.setName(entry.getKey());
        tensors.add(tensor);
      }
      return new CharGru(parent, config, tensors);
    }
  }

  private static int fanIn(CharGruConfig config, String tensor) {
    return tensor.startsWith("linear.") ? config.headInputSize() : config.hiddenSize();
  }

  /** Returns the architecture. */
  public CharGruConfig config() {
    return config;
  }

  /**
   * Returns the state before the first character: zeros.
   *
   * @param owner the manager of the state
   * @param batch the number of rows, B
   * @return float32 {@code [L, B, H]}
   */
  public NDArray zeroState(NDManager owner, int batch) {
    return owner.zeros(new Shape(config.layers(), batch, config.hiddenSize()));
  }

  /**
   * Computes the forward pass of B rows over T characters, without dropout.
   *
   * @param ids int64 {@code [B, T]}
   * @param state float32 {@code [L, B, H]}; it is not changed
   */
  public Output forward(NDArray ids, NDArray state) {
    NDManager scope = ids.getManager();
    NDArray x = ids.getNDArrayInternal().embedding(ids, embedding, SparseFormat.DENSE).head();
    x = config.embeddingActivation().apply(x);
    NDList last = new NDList(config.layers());
    for (int k = 0; k < config.layers(); k++) {
      NDArray initial = state.get(scope, new NDIndex("{}:{}", k, k + 1)); // [1, B, H]
      NDList result =
          x.getNDArrayInternal()
              .gru(x, initial, layerTensors.get(k), true, 1, 0, false, false, true);
      NDArray out = result.get(0); // [B, T, H]
      x =
          switch (config.network()) {
            case PLAIN -> out;
            case RESIDUAL -> k == 0 ? out : x.add(out);
          };
      last.add(result.get(1)); // [1, B, H]
    }
    x = config.headActivation().apply(x);
    if (projection != null) {
      x = x.getNDArrayInternal().linear(x, projection, null).head();
    }
    NDArray logits = x.getNDArrayInternal().linear(x, headWeight, headBias).head();
    return new Output(logits, last.size() == 1 ? last.head() : NDArrays.concat(last, 0));
  }

  private NDList split(int k, NDArray buffer) {
    Shape[] shapes = config.layerTensorShapes(k);
    long[] cuts = new long[shapes.length - 1];
    long end = 0;
    for (int i = 0; i < cuts.length; i++) {
      end += shapes[i].size();
      cuts[i] = end;
    }
    NDList tensors = new NDList(shapes.length);
    try (NDList parts = buffer.split(cuts)) {
      for (int i = 0; i < shapes.length; i++) {
        tensors.add(parts.get(i).reshape(shapes[i]));
      }
    }
    return tensors;
  }

  /** Returns the trained buffers in a fixed order. An optimizer updates them in place. */
  public List<Parameter> parameters() {
    List<Parameter> parameters = new ArrayList<>();
    parameters.add(new Parameter("embedding.weight", embedding, embedding.size()));
    for (int k = 0; k < config.layers(); k++) {
      long biases = 6L * config.hiddenSize();
      parameters.add(new Parameter("layer." + k, layers.get(k), config.layerSize(k) - biases));
    }
    if (projection != null) {
      parameters.add(new Parameter("projection.weight", projection, projection.size()));
    }
    if (!config.tied()) {
      parameters.add(new Parameter("linear.weight", headWeight, headWeight.size()));
    }
    parameters.add(new Parameter("linear.bias", headBias, 0));
    return parameters;
  }

  /**
   * Returns copies of all tensors with PyTorch's names, in the order of {@link
   * CharGruConfig#tensorShapes}.
   *
   * @param owner the manager of the copies
   */
  public NDList tensors(NDManager owner) {
    NDList tensors = new NDList();
    add(tensors, owner, "embedding.weight", embedding);
    for (int k = 0; k < config.layers(); k++) {
      String[] names = config.layerTensorNames(k);
      for (int i = 0; i < names.length; i++) {
        add(tensors, owner, names[i], layerTensors.get(k).get(i));
      }
    }
    if (projection != null) {
      add(tensors, owner, "projection.weight", projection);
    }
    if (!config.tied()) {
      add(tensors, owner, "linear.weight", headWeight);
    }
    add(tensors, owner, "linear.bias", headBias);
    return tensors;
  }

  /**
   * Returns a network with changed tensors.
   *
   * @param owner the owner of the new network, on this one's device; the caller closes the network
   * @param change receives a copy of each tensor, with its name, and returns a tensor of its shape
   */
  public CharGru withTensors(NDManager owner, UnaryOperator<NDArray> change) {
    try (NDManager scratch = owner.newSubManager()) {
      NDList changed = new NDList();
      for (NDArray tensor : tensors(scratch)) {
        NDArray other = change.apply(tensor);
        other.setName(tensor.getName());
        changed.add(other);
      }
      return new CharGru(owner, config, changed);
    }
  }

  private static void add(NDList tensors, NDManager owner, String name, NDArray values) {
    NDArray copy = values.duplicate();
    copy.attach(owner);
    copy.setName(name);
    tensors.add(copy);
  }

  /** Returns the tensors themselves, for another decoder. The caller must not change them. */
  public Weights weights() {
    return new Weights(embedding, List.copyOf(layerTensors), projection, headWeight, headBias);
  }

  /** Releases the weights. */
  @Override
  public void close() {
    manager.close();
  }

  /**
   * The result of a forward pass; both arrays belong to the manager of the ids.
   *
   * @param logits float32 {@code [B, T, V]}
   * @param state float32 {@code [L, B, H]}, the state after the last character
   */
  public record Output(NDArray logits, NDArray state) {}

  /**
   * The tensors of a network, valid until the network is closed.
   *
   * @param embedding {@code [V, E]}
   * @param layers {@code weight_ih [3H, in]}, {@code weight_hh [3H, H]}, {@code bias_ih [3H]} and
   *     {@code bias_hh [3H]} of each layer, contiguous in memory
   * @param projection {@code [P, H]}, or null
   * @param headWeight {@code [V, P or H]}; the embedding itself in a tied network
   * @param headBias {@code [V]}
   */
  public record Weights(
      NDArray embedding,
      List<NDList> layers,
      NDArray projection,
      NDArray headWeight,
      NDArray headBias) {}
}
