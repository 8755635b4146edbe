package folio.trainer.group;

/** A group cannot be formed; the message says why. */
public final class GroupException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  GroupException(String message) {
    super(message);
  }

  GroupException(String message, Throwable cause) {
    super(message, cause);
  }
}
