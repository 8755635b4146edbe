package folio.trainer.run;

import folio.model.checkpoint.CheckpointException;
import folio.model.storage.DirectoryLock;
import java.io.IOException;
import java.nio.file.Path;

/** What a run leaves beside its checkpoints. Two runs cannot have one folder at a time. */
public final class RunFolder implements AutoCloseable {
  private final Path path;
  private final DirectoryLock lock;

  /**
   * Takes a folder, making it where needed.
   *
   * @throws CheckpointException if it cannot be written or another run has it
   */
  public RunFolder(Path path) {
    this.path = path;
    try {
      this.lock = DirectoryLock.acquire(path);
    } catch (IOException e) {
      throw new CheckpointException(e.getMessage(), e);
    }
  }

  /** The folder. */
  Path path() {
    return path;
  }

  /** The state that the run resumes from. */
  Path state() {
    return path.resolve("state.safetensors");
  }

  /** The record of the run, JSON lines. */
  Path metrics() {
    return path.resolve("metrics.jsonl");
  }

  /** What the record tells, for people. */
  Path report() {
    return path.resolve("report.html");
  }

  /** Lets another run have it. */
  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw new CheckpointException(path + " cannot be let go of: " + e, e);
    }
  }
}
