package folio.model.checkpoint;

/** A checkpoint or a store of them cannot be used; the message says which, what and where. */
public class CheckpointException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message for the person who looks after the checkpoints. */
  public CheckpointException(String message) {
    super(message);
  }

  /** With a message for the person who looks after the checkpoints, and what led to it. */
  public CheckpointException(String message, Throwable cause) {
    super(message, cause);
  }
}
