package folio.model.network;

import ai.djl.ndarray.NDArray;

/** An element-wise function between two parts of the network. */
public enum Nonlinearity {
  /** The identity. */
  NONE,
  /** max(x, 0). */
  RELU,
  /** The hyperbolic tangent. */
  TANH;

  /** Applies the function to an array of any shape; {@link #NONE} returns the array itself. */
  public NDArray apply(NDArray x) {
    return switch (this) {
      case NONE -> x;
      case RELU -> x.getNDArrayInternal().relu();
      case TANH -> x.tanh();
    };
  }
}
