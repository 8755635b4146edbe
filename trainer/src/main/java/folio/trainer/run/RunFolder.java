package folio.trainer.run;

import folio.model.checkpoint.CheckpointException;
import folio.model.run.RunEvents;
import folio.model.storage.DirectoryLock;
import folio.trainer.publication.ResumeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The folder of a run: its state, metrics and report. A lock keeps two runs from using one folder
 * at the same time; {@link #close} releases it. A folder that holds a run is never given to
 * another.
 */
public final class RunFolder implements AutoCloseable {
  /** The name of the file with the state. */
  static final String STATE = "state.safetensors";

  private final Path path;
  private final DirectoryLock lock;
  private final SavedRun saved;

  /** What happens with a run that the folder holds. */
  public enum Use {
    /** A new run begins; the folder must not hold one. */
    NEW,
    /** The run continues; the folder must hold one. */
    RESUME,
    /** The run continues, or a new one begins if the folder holds none. */
    RESUME_IF_SAVED
  }

  /**
   * Locks a folder, and creates it where needed.
   *
   * @throws CheckpointException if the folder cannot be written or another run holds it
   * @throws ResumeException if the folder holds a run and a new one was to begin, or if it holds
   *     none and one was to be resumed
   */
  public RunFolder(Path path, Use use) {
    this.path = path;
    try {
      this.lock = DirectoryLock.acquire(path);
    } catch (IOException e) {
      throw new CheckpointException("--run: " + e.getMessage(), e);
    }
    try {
      this.saved = check(use);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Returns the saved run that continues, or null if a new one begins. */
  private SavedRun check(Use use) {
    Optional<SavedRun> found = SavedRun.in(path);
    if (use == Use.NEW && found.isPresent() && found.get().step() > 0) {
      boolean finished = found.get().step() >= found.get().steps();
      throw new ResumeException(
          path
              + " holds "
              + found.get().describe()
              + "; add --resume"
              + (finished ? " and a larger --steps to lengthen it" : " to continue it")
              + ", or name another folder with --run",
          null);
    }
    if (found.isEmpty() && use == Use.RESUME) {
      throw new ResumeException(
          path
              + " holds no run to resume (there is no "
              + STATE
              + "); leave --resume out to begin one, or name its folder with --run",
          null);
    }
    if (found.isEmpty() && Files.exists(metrics()) && RunEvents.read(metrics()).lastStep() > 0) {
      throw new ResumeException(
          path
              + " holds the metrics of a run, but not its state, "
              + STATE
              + "; name another folder with --run",
          null);
    }
    return use == Use.NEW ? null : found.orElse(null);
  }

  /** Returns whether the folder holds a run, which continues. */
  public boolean resumes() {
    return saved != null;
  }

  /** Returns what the state says about the run that continues, or null if a new one begins. */
  SavedRun saved() {
    return saved;
  }

  /** Returns the path of the folder. */
  Path path() {
    return path;
  }

  /** Returns the path of the state that the run resumes from. */
  Path state() {
    return path.resolve(STATE);
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
