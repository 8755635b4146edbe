package folio.model.checkpoint;

/**
 * A failed promotion: another writer changed {@code CURRENT} after this writer had read it. The
 * other writer's change stays.
 */
public final class PromotionConflictException extends CheckpointException {
  private static final long serialVersionUID = 1L;

  PromotionConflictException(String message, Throwable cause) {
    super(message, cause);
  }
}
