package folio.trainer.run;

/** A run that a signal can end early. */
public interface StoppableRun extends AutoCloseable {
  /** Trains until the end of the run, or soon after {@link #requestStop}. */
  void run();

  /** Makes {@link #run} return soon; may be called from any thread. */
  void requestStop();

  /** Returns whether {@link #run} has returned normally; may be called from any thread. */
  boolean succeeded();

  /** Returns whether the run has reached its end; may be called from any thread. */
  boolean isComplete();

  @Override
  void close();
}
