package folio.model.checkpoint;

/** Another writer changed {@code CURRENT} after this one had looked at it; its change stands. */
public final class PromotionConflictException extends CheckpointException {
  private static final long serialVersionUID = 1L;

  PromotionConflictException(String message, Throwable cause) {
    super(message, cause);
  }
}
