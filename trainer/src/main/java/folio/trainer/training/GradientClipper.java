package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.List;

/**
 * A clipper that scales all gradients by one factor, so that their global norm does not exceed a
 * limit.
 *
 * @see <a href="https://arxiv.org/abs/1211.5063">Pascanu et al.</a>
 */
public final class GradientClipper {
  private final double maxNorm;

  /**
   * Creates a clipper.
   *
   * @param maxNorm the largest global norm of the gradients; 0 clips nothing
   */
  public GradientClipper(double maxNorm) {
    this.maxNorm = maxNorm;
  }

  /**
   * Scales the gradients in place on their device, without waiting for the device.
   *
   * @param owner the manager of the result
   * @param gradients the gradients of all parameters
   * @return the global norm before clipping, a scalar
   */
  public NDArray clip(NDManager owner, List<NDArray> gradients) {
    try (IValue norm = TrainingScript.get().run("clip", gradients, maxNorm)) {
      return norm.toTensor((PtNDManager) owner);
    }
  }
}
