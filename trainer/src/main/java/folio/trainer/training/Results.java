package folio.trainer.training;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.List;

/**
 * The results of a function of {@code training.torchscript.py} that returns a tuple of arrays and
 * lists of arrays.
 */
final class Results implements AutoCloseable {
  private final List<List<NDArray>> parts = new ArrayList<>();

  private Results() {}

  /**
   * Runs a function.
   *
   * @param owner the manager of the arrays
   * @param arguments those of {@link folio.runtime.torchscript.TorchScript#run}
   */
  static Results of(PtNDManager owner, String function, Object... arguments) {
    Results results = new Results();
    try (IValue tuple = TrainingScript.get().run(function, arguments)) {
      for (IValue part : tuple.toIValueTuple()) {
        try (part) {
          results.parts.add(
              part.isTensor() ? List.of(part.toTensor(owner)) : List.of(part.toTensorArray(owner)));
        }
      }
    }
    return results;
  }

  /** Runs a function that returns one array. */
  static NDArray one(PtNDManager owner, String function, Object... arguments) {
    try (IValue result = TrainingScript.get().run(function, arguments)) {
      return result.toTensor(owner);
    }
  }

  /** Returns the part with an index, which is an array. */
  NDArray array(int index) {
    return parts.get(index).get(0);
  }

  /** Returns the part with an index, which is a list. */
  List<NDArray> arrays(int index) {
    return parts.get(index);
  }

  /** Closes all arrays. */
  @Override
  public void close() {
    parts.forEach(part -> part.forEach(NDArray::close));
  }
}
