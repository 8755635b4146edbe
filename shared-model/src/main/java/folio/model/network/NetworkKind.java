package folio.model.network;

/** The connection between the GRU layers. */
public enum NetworkKind {
  /** Each layer reads the output of the one below, as {@code torch.nn.GRU} stacks them. */
  PLAIN,
  /** Each layer after the first adds its output to its input. */
  RESIDUAL
}
