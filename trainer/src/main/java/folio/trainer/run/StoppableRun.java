package folio.trainer.run;

/**
 * A run that a signal can end early. Owned by one thread; only {@link #requestStop}, {@link
 * #succeeded} and {@link #isComplete} may be called from another.
 */
public abstract class StoppableRun implements AutoCloseable {
  private volatile boolean stopRequested;
  private volatile boolean succeeded;
  private volatile boolean complete;

  /** Trains until the end of the run, or soon after {@link #requestStop}. */
  public abstract void run();

  /**
   * Makes {@link #run} evaluate and save the network as it is, and return soon. The evaluation at
   * the end of a run is left out.
   */
  public final void requestStop() {
    stopRequested = true;
  }

  final boolean stopRequested() {
    return stopRequested;
  }

  /**
   * Records that {@link #run} returns normally.
   *
   * @param reachedItsEnd see {@link #isComplete}
   */
  final void succeed(boolean reachedItsEnd) {
    complete = reachedItsEnd;
    succeeded = true;
  }

  /** Returns whether {@link #run} has returned normally. */
  public final boolean succeeded() {
    return succeeded;
  }

  /** Returns whether the last step has been taken, or the run's patience has ended. */
  public final boolean isComplete() {
    return complete;
  }

  @Override
  public abstract void close();
}
