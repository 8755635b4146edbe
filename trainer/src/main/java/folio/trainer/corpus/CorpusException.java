package folio.trainer.corpus;

/** A text cannot be had or cannot be trained on; the message says what to do. */
public final class CorpusException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message for the person who named the corpus. */
  public CorpusException(String message) {
    super(message);
  }

  /** With a message for the person who named the corpus, and what led to it. */
  public CorpusException(String message, Throwable cause) {
    super(message, cause);
  }
}
