package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.List;

/**
 * Scales all gradients together so that their global norm is at most a given one.
 *
 * @see <a href="https://arxiv.org/abs/1211.5063">Pascanu et al.</a>
 */
public final class GradientClipper {
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
   * @param owner receives the result
   * @return the global norm before clipping, a scalar
   */
  public NDArray clip(NDManager owner, List<NDArray> gradients) {
    try (IValue norm = TrainingScript.get().run("clip", gradients, largestNorm)) {
      return norm.toTensor((PtNDManager) owner);
    }
  }
}
