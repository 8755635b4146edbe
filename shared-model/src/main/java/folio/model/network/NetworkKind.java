package folio.model.network;

/**
 * The connection between the GRU layers. Code that computes with a kind switches over all of them,
 * so that a new kind does not compile until each computation defines it.
 */
public enum NetworkKind {
  /** Each layer reads the output of the one below, as {@code torch.nn.GRU} stacks them. */
  PLAIN,
  /** Each layer after the first adds its output to its input. */
  RESIDUAL;

  /** Returns the function before the head in the networks of the blog post "RNN generations". */
  public Nonlinearity defaultHeadActivation() {
    return switch (this) {
      case PLAIN -> Nonlinearity.RELU;
      case RESIDUAL -> Nonlinearity.NONE;
    };
  }

  /** Returns the width of the embedding if the user names none. */
  public int defaultEmbeddingSize(int hiddenSize) {
    return switch (this) {
      case PLAIN -> hiddenSize;
      case RESIDUAL -> 128;
    };
  }

  /** Returns whether the embedding must be as wide as the layers. */
  boolean requiresEqualWidths() {
    return switch (this) {
      case PLAIN -> true;
      case RESIDUAL -> false;
    };
  }
}
