package folio.model.network;

import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The architecture of a character-level GRU. It determines the shapes of the tensors and the
 * computation.
 *
 * <p>The plain and the residual network with their default activations are the two PyTorch classes
 * of the blog post "RNN generations".
 *
 * @param network the connection between the layers
 * @param vocabularySize the number of characters, V
 * @param embeddingSize the width of a character's embedding, E; equals H in a plain network
 * @param hiddenSize the width of every layer's state, H
 * @param layers the number of GRU layers, L
 * @param embeddingActivation the function between the embedding and the first layer
 * @param headActivation the function between the last layer and the projection or head
 * @param projectionSize the width of a bias-free linear map before the head, or null for none
 * @param tied whether the head shares the embedding's weight; the head's input must then be E wide
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

  /** The largest width of an embedding, a layer or a projection. */
  private static final int MAX_SIZE = 65_536;

  /** The largest number of layers. */
  private static final int MAX_LAYERS = 64;

  /** The largest number of parameters; as float32 they fit into one Java byte array. */
  private static final long MAX_PARAMETERS = 500_000_000;

  /**
   * Checks every field.
   *
   * @throws IllegalArgumentException if a field is illegal; the message names the field, its value
   *     and the legal range
   */
  public CharGruConfig {
    if (network == null || embeddingActivation == null || headActivation == null) {
      throw new IllegalArgumentException(
          "network, embedding_activation and head_activation are required");
    }
    if (headActivation == Nonlinearity.TANH) {
      throw new IllegalArgumentException("head_activation is tanh; it must be none or relu");
    }
    checkRange("vocabulary_size", vocabularySize, Character.MAX_CODE_POINT + 1);
    checkRange("embedding_size", embeddingSize, MAX_SIZE);
    checkRange("hidden_size", hiddenSize, MAX_SIZE);
    checkRange("layers", layers, MAX_LAYERS);
    if (projectionSize != null) {
      checkRange("projection_size", projectionSize, MAX_SIZE);
    }
    long parameters = estimateParameters(vocabularySize, embeddingSize, hiddenSize, layers);
    if (parameters > MAX_PARAMETERS) {
      throw new IllegalArgumentException(
          String.format(
              "layers is %d and hidden_size is %d, which makes %,d parameters; at most %,d are allowed",
              layers, hiddenSize, parameters, MAX_PARAMETERS));
    }
    if (network.requiresEqualWidths() && embeddingSize != hiddenSize) {
      throw new IllegalArgumentException(
          "embedding_size is "
              + embeddingSize
              + "; in a "
              + network.name().toLowerCase(Locale.ROOT)
              + " network it must equal hidden_size, "
              + hiddenSize);
    }
    int headInput = projectionSize == null ? hiddenSize : projectionSize;
    if (tied && headInput != embeddingSize) {
      throw new IllegalArgumentException(
          (projectionSize == null ? "hidden_size" : "projection_size")
              + " is "
              + headInput
              + "; with tied weights it must equal embedding_size, "
              + embeddingSize);
    }
  }

  /** Returns the approximate number of parameters; the small projection is not counted. */
  private static long estimateParameters(long v, long e, long h, long l) {
    return v * e + 3 * h * (e + h + 2) + (l - 1) * 3 * h * (2 * h + 2) + v * (h + 1);
  }

  private static void checkRange(String field, int value, int largest) {
    if (value < 1 || value > largest) {
      throw new IllegalArgumentException(field + " is " + value + "; it must be 1 to " + largest);
    }
  }

  /** Returns the plain network: ReLU before the head, and an embedding as wide as the layers. */
  public static CharGruConfig plain(int vocabularySize, int hiddenSize, int layers) {
    return new CharGruConfig(
        NetworkKind.PLAIN,
        vocabularySize,
        hiddenSize,
        hiddenSize,
        layers,
        Nonlinearity.NONE,
        NetworkKind.PLAIN.defaultHeadActivation(),
        null,
        false);
  }

  /** Returns the residual network: no function between the last layer and the head. */
  public static CharGruConfig residual(
      int vocabularySize, int embeddingSize, int hiddenSize, int layers) {
    return new CharGruConfig(
        NetworkKind.RESIDUAL,
        vocabularySize,
        embeddingSize,
        hiddenSize,
        layers,
        Nonlinearity.NONE,
        NetworkKind.RESIDUAL.defaultHeadActivation(),
        null,
        false);
  }

  /** Returns the same architecture for a vocabulary of another size. */
  public CharGruConfig withVocabularySize(int size) {
    return new CharGruConfig(
        network,
        size,
        embeddingSize,
        hiddenSize,
        layers,
        embeddingActivation,
        headActivation,
        projectionSize,
        tied);
  }

  /** Returns the width of the head's input. */
  public int headInputSize() {
    return projectionSize == null ? hiddenSize : projectionSize;
  }

  /** Returns the width of the input of layer {@code k}. */
  public int inputSize(int k) {
    return k == 0 ? embeddingSize : hiddenSize;
  }

  /** Returns the number of values in layer {@code k}: W_ih, W_hh, b_ih and b_hh. */
  long layerSize(int k) {
    return 3L * hiddenSize * (inputSize(k) + hiddenSize + 2);
  }

  /** Returns PyTorch's names of W_ih, W_hh, b_ih and b_hh of layer {@code k}. */
  String[] layerTensorNames(int k) {
    return switch (network) {
      case PLAIN -> layerTensorNames("gru.", k); // one torch.nn.GRU of L layers
      case RESIDUAL -> layerTensorNames("grus." + k + ".", 0); // L of them with one layer each
    };
  }

  private static String[] layerTensorNames(String prefix, int layer) {
    String suffix = "_l" + layer;
    return new String[] {
      prefix + "weight_ih" + suffix,
      prefix + "weight_hh" + suffix,
      prefix + "bias_ih" + suffix,
      prefix + "bias_hh" + suffix
    };
  }

  /** Returns the shapes of {@link #layerTensorNames} in the same order. */
  Shape[] layerTensorShapes(int k) {
    int gates = 3 * hiddenSize;
    return new Shape[] {
      new Shape(gates, inputSize(k)),
      new Shape(gates, hiddenSize),
      new Shape(gates),
      new Shape(gates)
    };
  }

  /** Returns the shapes of all tensors by PyTorch's name, in a fixed order. */
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

  /** Returns the part of the multiplications of a forward pass that the output layer takes. */
  public double outputShare() {
    long output = (long) vocabularySize * headInputSize();
    long all = output + (projectionSize == null ? 0 : (long) projectionSize * hiddenSize);
    for (int k = 0; k < layers; k++) {
      all += layerSize(k);
    }
    return (double) output / all;
  }

  /** Returns the number of trained values. */
  public long parameterCount() {
    return tensorShapes().values().stream().mapToLong(Shape::size).sum();
  }
}
