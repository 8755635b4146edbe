package folio.trainer.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.ByteString;
import folio.model.checkpoint.Checkpoint;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.HostCopy;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.protobuf.onnx.GraphProto;
import folio.protobuf.onnx.ModelProto;
import folio.protobuf.onnx.OperatorSetIdProto;
import folio.protobuf.onnx.StringStringEntryProto;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A checkpoint as an ONNX model in float32.
 *
 * <p>Inputs: {@code ids}, int64 {@code [batch, length]}, and {@code state}, float32 {@code [L,
 * batch, H]}, zeros before the first character. Outputs: {@code logits}, float32 {@code [batch,
 * length, V]}, and {@code next_state}, float32 {@code [L, batch, H]}. The metadata has the
 * characters by token id.
 *
 * @see <a href="https://onnx.ai/onnx/operators/onnx__GRU.html">ONNX, GRU</a>
 */
public final class OnnxModel {
  /** The version of the file format; ONNX Runtime reads it since 1.13, of 2022. */
  private static final long FORMAT = 8;

  /** The version of the operators; the same releases have it. */
  private static final long OPERATORS = 17;

  private static final int GATES = 3;

  private final Checkpoint checkpoint;
  private final CharGruConfig config;
  private final CharGru.Weights weights;
  private final OnnxGraph graph = new OnnxGraph();

  private OnnxModel(Checkpoint checkpoint, CharGru network) {
    this.checkpoint = checkpoint;
    this.config = checkpoint.config();
    this.weights = network.weights();
  }

  /**
   * Returns the content of the model's file.
   *
   * @param network the loaded network of the checkpoint
   */
  public static byte[] of(Checkpoint checkpoint, CharGru network) {
    return new OnnxModel(checkpoint, network).model().toByteArray();
  }

  private ModelProto model() {
    String version = OnnxModel.class.getPackage().getImplementationVersion();
    ModelProto.Builder model =
        ModelProto.newBuilder()
            .setIrVersion(FORMAT)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPERATORS))
            .setProducerName("folio")
            .setProducerVersion(version == null ? "development" : version)
            .setDocString("A character-level GRU: logits of the next character after each id.")
            .setGraph(network());
    metadata()
        .forEach(
            (key, value) ->
                model.addMetadataProps(
                    StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
    return model.build();
  }

  private Map<String, String> metadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("checkpoint", checkpoint.version());
    metadata.put(
        "characters",
        JsonMapper.builder().build().valueToTree(checkpoint.vocabulary().characters()).toString());
    if (checkpoint.description().documentSeparator() != null) {
      metadata.put("document_separator", checkpoint.description().documentSeparator());
    }
    return metadata;
  }

  private GraphProto network() {
    int layers = config.layers();
    graph.input("ids", OnnxGraph.INT64, "batch", "length");
    graph.input("state", OnnxGraph.FLOAT, layers, "batch", config.hiddenSize());
    List<String> states = new ArrayList<>();
    for (int k = 0; k < layers; k++) {
      states.add("state." + k);
    }
    graph.add("Split", List.of("state"), states).setInt("axis", 0);

    weight("embedding.weight", weights.embedding());
    String x = graph.add("Gather", "embedded", "embedding.weight", "ids");
    x = apply(config.embeddingActivation(), x, "activated");
    x = swapBatchAndLength(x, "by_time"); // [length, batch, E], as ONNX's GRU reads it
    List<String> next = new ArrayList<>();
    graph.constant("directions", new long[] {1});
    for (int k = 0; k < layers; k++) {
      String out = layer(k, x, states.get(k), next);
      x =
          config.network() == NetworkKind.RESIDUAL && k > 0
              ? graph.add("Add", "sum." + k, x, out)
              : out;
    }
    graph.add("Concat", next, List.of("next_state")).setInt("axis", 0);
    x = swapBatchAndLength(x, "by_row");
    x = apply(config.headActivation(), x, "head_input");
    if (config.projectionSize() != null) {
      weight("projection.weight", weights.projection());
      x = linear("projection", x, "projection.weight");
    }
    if (!config.tied()) {
      weight("linear.weight", weights.headWeight());
    }
    x = linear("head", x, config.tied() ? "embedding.weight" : "linear.weight");
    weight("linear.bias", weights.headBias());
    graph.add("Add", "logits", x, "linear.bias");
    graph.output("logits", OnnxGraph.FLOAT, "batch", "length", config.vocabularySize());
    graph.output("next_state", OnnxGraph.FLOAT, layers, "batch", config.hiddenSize());
    return graph.build("folio");
  }

  /** Adds a layer and returns its output, {@code [length, batch, H]}. */
  private String layer(int k, String input, String state, List<String> next) {
    String name = "layer." + k;
    NDList layer = weights.layers().get(k); // W_ih, W_hh, b_ih, b_hh
    gates(name + ".W", layer.get(0), config.inputSize(k));
    gates(name + ".R", layer.get(1), config.hiddenSize());
    biases(name + ".B", layer.get(2), layer.get(3));
    next.add(name + ".state");
    graph
        .add(
            "GRU",
            List.of(input, name + ".W", name + ".R", name + ".B", "", state),
            List.of(name + ".directions", name + ".state"))
        .setInt("hidden_size", config.hiddenSize())
        .setInt("linear_before_reset", 1); // the reset gate acts on the product, as in PyTorch
    return graph.add("Squeeze", name, name + ".directions", "directions");
  }

  private String swapBatchAndLength(String x, String result) {
    graph.add("Transpose", List.of(x), List.of(result)).setInts("perm", 1, 0, 2);
    return result;
  }

  private String apply(Nonlinearity function, String x, String result) {
    return switch (function) {
      case NONE -> x;
      case RELU -> graph.add("Relu", result, x);
      case TANH -> graph.add("Tanh", result, x);
    };
  }

  private String linear(String name, String x, String weight) {
    String transposed = graph.add("Transpose", name + ".transposed", weight);
    return graph.add("MatMul", name, x, transposed);
  }

  private void weight(String name, NDArray tensor) {
    graph.constant(name, tensor.getShape().getShape(), ByteString.copyFrom(HostCopy.bytes(tensor)));
  }

  /** Adds a weight of a layer, {@code [1, 3H, width]}. */
  private void gates(String name, NDArray tensor, int width) {
    long[] shape = {1, (long) GATES * config.hiddenSize(), width};
    graph.constant(name, shape, inOrderOfOnnx(tensor));
  }

  /** Adds both biases of a layer, {@code [1, 6H]}. */
  private void biases(String name, NDArray input, NDArray hidden) {
    graph.constant(
        name,
        new long[] {1, 2L * GATES * config.hiddenSize()},
        inOrderOfOnnx(input).concat(inOrderOfOnnx(hidden)));
  }

  /**
   * Returns the gates of a tensor in ONNX's order: update, reset, new. PyTorch's begins with reset.
   */
  private static ByteString inOrderOfOnnx(NDArray tensor) {
    ByteString bytes = ByteString.copyFrom(HostCopy.bytes(tensor));
    int gate = bytes.size() / GATES;
    return bytes
        .substring(gate, 2 * gate)
        .concat(bytes.substring(0, gate))
        .concat(bytes.substring(2 * gate));
  }
}
