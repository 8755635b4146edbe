package folio.trainer.corpus;

/** An error in a corpus: it cannot be read or cannot be trained on. The message says what to do. */
public final class CorpusException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with a message for the user. */
  public CorpusException(String message) {
    super(message);
  }

  /** Creates an exception with a message for the user and a cause. */
  public CorpusException(String message, Throwable cause) {
    super(message, cause);
  }
}
