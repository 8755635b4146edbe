package folio.trainer.publication;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.Safetensors;
import folio.model.storage.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Everything a run needs to go on as if it had never stopped: arrays by name and facts by name. One
 * file, replaced whole.
 *
 * @param arrays float32, named
 * @param facts free text by name
 */
public record ResumeState(NDList arrays, Map<String, String> facts) {

  /**
   * Writes the state in place of an earlier one.
   *
   * @throws ResumeException if it cannot be written; the earlier one stands then
   */
  public void save(Path file) {
    try {
      DurableFiles.replace(file, Safetensors.write(arrays, facts));
    } catch (IOException e) {
      throw new ResumeException(
          "the state of the run cannot be written to " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Reads a state, if there is one.
   *
   * @param owner receives the arrays
   * @throws ResumeException if the file cannot be read
   */
  public static Optional<ResumeState> load(NDManager owner, Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      byte[] bytes = Files.readAllBytes(file);
      return Optional.of(
          new ResumeState(Safetensors.read(owner, bytes), Safetensors.readMetadata(bytes)));
    } catch (IOException | CheckpointException e) {
      throw new ResumeException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Copies a saved array over one of the same name and shape.
   *
   * @throws ResumeException if it was not saved or has another shape
   */
  public void restore(String name, NDArray target) {
    NDArray saved = arrays.get(name);
    if (saved == null || !saved.getShape().equals(target.getShape())) {
      throw new ResumeException(
          "the saved state has no array " + name + " of shape " + target.getShape(), null);
    }
    // copyTo would give the target new memory, and leave every view of it with the old.
    target.set(new NDIndex(":"), saved);
  }
}
