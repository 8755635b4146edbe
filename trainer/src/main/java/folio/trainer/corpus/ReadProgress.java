package folio.trainer.corpus;

/** Receives the progress of reading a corpus, on the reading thread. */
@FunctionalInterface
public interface ReadProgress {
  /** Ignores the progress. */
  ReadProgress NONE = (read, total) -> {};

  /**
   * Receives how much was read, often.
   *
   * @param read the number of bytes read so far
   * @param total the number of all bytes, or -1 if it is not known
   */
  void read(long read, long total);
}
