package folio.model.network;

import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The architecture of a character-level GRU: everything that decides the shapes of its tensors and
 * what it computes from them.
 *
 * @param network how the layers are joined
 * @param vocabularySize V, the number of characters
 * @param embeddingSize E, the width of a character's embedding; equals H in a plain network
 * @param hiddenSize H, the width of every layer's state
 * @param layers L, the number of GRU layers
 * @param embeddingActivation what stands between the embedding and the first layer
 * @param headActivation what follows the last layer, before the projection and the head
 * @param projectionSize width of a bias-free linear map before the head, or null for none
 * @param tied whether the head's weight is the embedding's; the head's input must then be E wide
 */
public record CharGruConfig(
    NetworkKind network,
    int vocabularySize,
    int embeddingSize,
    int hiddenSize,
    int layers,
    Nonlinearity embeddingActivation,
    Nonlinearity headActivation,
    Integer projectionSize,
    boolean tied) {

  private static final int LARGEST_SIZE = 65_536;
  private static final int MAX_LAYERS = 64;

  /** As float32 they fit into one array of bytes. */
  private static final long MAX_PARAMETERS = 500_000_000;

  /**
   * Checks every field.
   *
   * @throws IllegalArgumentException naming the field, its value and the legal range
   */
  public CharGruConfig {
    if (network == null || embeddingActivation == null || headActivation == null) {
      throw new IllegalArgumentException(
          "network, embedding_activation and head_activation must be given");
    }
    if (headActivation == Nonlinearity.TANH) {
      throw new IllegalArgumentException("head_activation is tanh; legal are none and relu");
    }
    // 0x10FFFF is the last Unicode code point.
    checkRange("vocabulary_size", vocabularySize, 0x110000);
    checkRange("embedding_size", embeddingSize, LARGEST_SIZE);
    checkRange("hidden_size", hiddenSize, LARGEST_SIZE);
    checkRange("layers", layers, MAX_LAYERS);
    if (projectionSize != null) {
      checkRange("projection_size", projectionSize, LARGEST_SIZE);
    }
    long parameters = parameterCount(vocabularySize, embeddingSize, hiddenSize, layers);
    if (parameters > MAX_PARAMETERS) {
      throw new IllegalArgumentException(
          String.format(
              "layers %d x hidden_size %d make %,d parameters; legal are up to %,d",
              layers, hiddenSize, parameters, MAX_PARAMETERS));
    }
    if (network == NetworkKind.PLAIN && embeddingSize != hiddenSize) {
      throw new IllegalArgumentException(
          "embedding_size is "
              + embeddingSize
              + "; a plain network's equals its hidden_size, "
              + hiddenSize);
    }
    int headInput = projectionSize == null ? hiddenSize : projectionSize;
    if (tied && headInput != embeddingSize) {
      throw new IllegalArgumentException(
          "tied is true, so the head's input (projection_size, or hidden_size without one) must be"
              + " embedding_size wide: "
              + headInput
              + " is not "
              + embeddingSize);
    }
  }

  /** Without a projection; what it adds is small. */
  private static long parameterCount(long v, long e, long h, long l) {
    return v * e + 3 * h * (e + h + 2) + (l - 1) * 3 * h * (2 * h + 2) + v * (h + 1);
  }

  private static void checkRange(String field, int value, int largest) {
    if (value < 1 || value > largest) {
      throw new IllegalArgumentException(field + " is " + value + "; legal are 1 to " + largest);
    }
  }

  /** The plain network of the post: ReLU before the head, embedding as wide as the layers. */
  public static CharGruConfig plain(int vocabularySize, int hiddenSize, int layers) {
    return new CharGruConfig(
        NetworkKind.PLAIN,
        vocabularySize,
        hiddenSize,
        hiddenSize,
        layers,
        Nonlinearity.NONE,
        Nonlinearity.RELU,
        null,
        false);
  }

  /** The residual network of the post: nothing between the last layer and the head. */
  public static CharGruConfig residual(
      int vocabularySize, int embeddingSize, int hiddenSize, int layers) {
    return new CharGruConfig(
        NetworkKind.RESIDUAL,
        vocabularySize,
        embeddingSize,
        hiddenSize,
        layers,
        Nonlinearity.NONE,
        Nonlinearity.NONE,
        null,
        false);
  }

  /** The width of what the head reads. */
  public int headInputSize() {
    return projectionSize == null ? hiddenSize : projectionSize;
  }

  /** The width of what layer {@code k} reads. */
  public int inputSize(int k) {
    return k == 0 ? embeddingSize : hiddenSize;
  }

  /** The number of values in layer {@code k}: W_ih, W_hh, b_ih and b_hh together. */
  long layerSize(int k) {
    return 3L * hiddenSize * (inputSize(k) + hiddenSize + 2);
  }

  /** The four tensor names of layer {@code k}: W_ih, W_hh, b_ih, b_hh, as PyTorch has them. */
  String[] layerTensorNames(int k) {
    String prefix = network == NetworkKind.PLAIN ? "gru." : "grus." + k + ".";
    String suffix = "_l" + (network == NetworkKind.PLAIN ? k : 0);
    return new String[] {
      prefix + "weight_ih" + suffix,
      prefix + "weight_hh" + suffix,
      prefix + "bias_ih" + suffix,
      prefix + "bias_hh" + suffix
    };
  }

  /** The shapes of {@link #layerTensorNames}, in the same order. */
  Shape[] layerTensorShapes(int k) {
    int gates = 3 * hiddenSize;
    return new Shape[] {
      new Shape(gates, inputSize(k)),
      new Shape(gates, hiddenSize),
      new Shape(gates),
      new Shape(gates)
    };
  }

  /** Every tensor of the network with its shape, by PyTorch's name, in a fixed order. */
  public Map<String, Shape> tensorShapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("embedding.weight", new Shape(vocabularySize, embeddingSize));
    for (int k = 0; k < layers; k++) {
      String[] names = layerTensorNames(k);
      Shape[] layer = layerTensorShapes(k);
      for (int i = 0; i < names.length; i++) {
        shapes.put(names[i], layer[i]);
      }
    }
    if (projectionSize != null) {
      shapes.put("projection.weight", new Shape(projectionSize, hiddenSize));
    }
    if (!tied) {
      shapes.put("linear.weight", new Shape(vocabularySize, headInputSize()));
    }
    shapes.put("linear.bias", new Shape(vocabularySize));
    return shapes;
  }

  /** The number of trained values. */
  public long parameterCount() {
    return tensorShapes().values().stream().mapToLong(Shape::size).sum();
  }
}
