package folio.trainer.training;

/**
 * The part of every batch that a process trains on.
 *
 * @param index the number of the process, from 0
 * @param count the number of processes; the rows of a batch are a multiple of it
 */
public record Part(int index, int count) {
  /** The whole batch. */
  public static final Part WHOLE = new Part(0, 1);
}
