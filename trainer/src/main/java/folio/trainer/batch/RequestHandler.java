package folio.trainer.batch;

/** A source of answers: a service, or a network in this process. */
public interface RequestHandler {
  /**
   * Returns the answer to a request. Several threads call this method at once.
   *
   * @throws BatchException if neither this request nor another one can be answered
   */
  Answer answer(BatchRequest request) throws InterruptedException;
}
