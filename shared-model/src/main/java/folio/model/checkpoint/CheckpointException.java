package folio.model.checkpoint;

/**
 * An error in a checkpoint or in a store of checkpoints. The message names the checkpoint, the file
 * and the problem.
 */
public class CheckpointException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message for the operator of the store. */
  public CheckpointException(String message) {
    super(message);
  }

  /** Creates an exception with a message for the operator of the store and a cause. */
  public CheckpointException(String message, Throwable cause) {
    super(message, cause);
  }
}
