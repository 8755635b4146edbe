package folio.trainer.learning;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;

/**
 * Scales all gradients together so that their global norm is at most a given one.
 *
 * @see <a href="https://arxiv.org/abs/1211.5063">Pascanu et al.</a>
 */
public final class GradientClipper {
  private static final double EPSILON = 1e-6;

  private final double largestNorm;

  /**
   * A clipper.
   *
   * @param largestNorm of all gradients together; 0 clips nothing
   */
  public GradientClipper(double largestNorm) {
    this.largestNorm = largestNorm;
  }

  /**
   * Scales the gradients in place, on their device, without waiting for it.
   *
   * @param scope receives what is computed on the way
   * @return the global norm before clipping, a scalar in {@code scope}
   */
  public NDArray clip(NDManager scope, List<NDArray> gradients) {
    NDArray sum = scope.create(0f);
    for (NDArray gradient : gradients) {
      NDArray square = gradient.square();
      square.attach(scope);
      sum.addi(square.sum());
    }
    NDArray norm = sum.sqrt();
    if (largestNorm > 0) {
      // min(1, largest / (norm + eps)), as torch.nn.utils.clip_grad_norm_ has it
      NDArray scale = norm.add(EPSILON).pow(-1).mul(largestNorm).minimum(1);
      gradients.forEach(gradient -> gradient.muli(scale));
    }
    return norm;
  }
}
