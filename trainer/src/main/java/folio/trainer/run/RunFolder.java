package folio.trainer.run;

import folio.model.checkpoint.CheckpointException;
import folio.model.storage.DirectoryLock;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The folder of a run: its state, metrics and report. A lock keeps two runs from using one folder
 * at the same time; {@link #close} releases it.
 */
public final class RunFolder implements AutoCloseable {
  private final Path path;
  private final DirectoryLock lock;

  /**
   * Locks a folder, and creates it where needed.
   *
   * @throws CheckpointException if the folder cannot be written or another run holds it
   */
  public RunFolder(Path path) {
    this.path = path;
    try {
      this.lock = DirectoryLock.acquire(path);
    } catch (IOException e) {
      throw new CheckpointException("--run: " + e.getMessage(), e);
    }
  }

  /** Returns the path of the folder. */
  Path path() {
    return path;
  }

  /** Returns the path of the state that the run resumes from. */
  Path state() {
    return path.resolve("state.safetensors");
  }

  /** Returns the path of the metrics file, in JSON lines. */
  Path metrics() {
    return path.resolve("metrics.jsonl");
  }

  /** Returns the path of the HTML report. */
  Path report() {
    return path.resolve("report.html");
  }

  /**
   * Releases the folder for other runs.
   *
   * @throws CheckpointException if the lock cannot be released
   */
  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw new CheckpointException("the lock of " + path + " cannot be released: " + e, e);
    }
  }
}
