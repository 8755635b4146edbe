package folio.model.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;

/** The cross-entropy loss of predicting the next character. */
public final class CrossEntropy {
  private CrossEntropy() {}

  /**
   * Returns the negative log-probability of each target in nats.
   *
   * @param logits float32 {@code [B, T, V]}
   * @param targets int64 {@code [B, T]}
   * @return float32 {@code [B * T]}, owned by the logits' manager
   */
  public static NDArray perCharacter(NDArray logits, NDArray targets) {
    long vocabulary = logits.getShape().get(2);
    NDArray logProbabilities = logits.reshape(new Shape(-1, vocabulary)).logSoftmax(1);
    return logProbabilities.gather(targets.reshape(new Shape(-1, 1)), 1).flatten().neg();
  }
}
