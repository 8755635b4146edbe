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
 * The saved state of a run, from which the run resumes exactly: arrays and properties by name. It
 * is one file, which is replaced in one step.
 *
 * @param arrays float32 arrays with names
 * @param facts free text by name
 */
public record ResumeState(NDList arrays, Map<String, String> facts) {

  /**
   * Writes the state to a file and replaces an earlier state.
   *
   * @throws ResumeException if the file cannot be written; the earlier state stays then
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
   * Reads the state in a file; returns empty if the file does not exist.
   *
   * @param owner the manager of the arrays
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
   * Reads the bytes of a state.
   *
   * @param owner the manager of the arrays
   * @throws ResumeException if they are not a state
   */
  public static ResumeState read(NDManager owner, byte[] bytes) {
    try {
      return new ResumeState(Safetensors.read(owner, bytes), Safetensors.readMetadata(bytes));
    } catch (CheckpointException e) {
      throw new ResumeException("the state of the run cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Copies a saved array into an array of the same shape.
   *
   * @throws ResumeException if no array of this name was saved, or if its shape differs
   */
  public void restore(String name, NDArray target) {
    NDArray saved = arrays.get(name);
    if (saved == null || !saved.getShape().equals(target.getShape())) {
      throw new ResumeException(
          "the saved state has no array " + name + " of shape " + target.getShape(), null);
    }
    // copyTo would give the target new memory, and its views would keep the old memory.
    target.set(new NDIndex(":"), saved);
  }
}
