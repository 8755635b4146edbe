package folio.trainer.run;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.HostCopy;
import folio.trainer.group.GradientExchange;
import folio.trainer.group.GradientExchanges;
import folio.trainer.group.ProcessGroup;
import folio.trainer.training.Part;
import folio.trainer.training.TrainStep;

/**
 * The processes that train a network together. Rank 0 evaluates, publishes and saves; every process
 * computes its part of every step. All call the same methods in the same order. Owned by the
 * training thread.
 */
public final class RunGroup implements AutoCloseable {
  /** The number of steps between checks whether any process was asked to stop. */
  private static final long STEPS_BETWEEN_AGREEMENTS = 16;

  private final ProcessGroup processes;
  private final GradientExchange exchange;
  private boolean left;

  /**
   * Joins the processes' devices.
   *
   * @param processes the connections; closed with this group
   */
  public RunGroup(ProcessGroup processes, Device device) {
    this.processes = processes;
    this.exchange = GradientExchanges.between(processes, device);
  }

  ProcessGroup processes() {
    return processes;
  }

  GradientExchange exchange() {
    return exchange;
  }

  /** Returns the part of every batch that this process trains on. */
  Part part() {
    return new Part(processes.membership().rank(), processes.membership().size());
  }

  /**
   * Returns whether the run is to stop after a step, because a process has been asked to.
   *
   * @param evaluated whether rank 0 may have decided to stop: the step ends with an evaluation
   * @param asked whether this process has been asked to stop
   */
  boolean stops(long step, boolean evaluated, boolean asked) {
    return (evaluated || step % STEPS_BETWEEN_AGREEMENTS == 0) && processes.any(asked);
  }

  /**
   * Returns the states that the rows of all processes carry, {@code [L, B, H]}, as a new array;
   * null before the first step.
   *
   * @param owner the manager of the array
   */
  NDArray carriedByAll(NDManager owner, TrainStep step) {
    NDArray own = step.carriedState();
    if (own == null) {
      return null;
    }
    Part part = part();
    Shape shape = own.getShape();
    int layers = (int) shape.get(0);
    int size = (int) (shape.get(1) * shape.get(2)); // of a layer's rows in this process
    float[] mine = HostCopy.floats(own);
    float[] all = new float[mine.length * part.count()];
    for (int layer = 0; layer < layers; layer++) {
      int to = (layer * part.count() + part.index()) * size;
      System.arraycopy(mine, layer * size, all, to, size);
    }
    Shape whole = new Shape(layers, shape.get(1) * part.count(), shape.get(2));
    return owner.create(processes.sum(all), whole);
  }

  /**
   * Ends the work of all processes. They call this method after their last step.
   *
   * @param complete whether this process knows that the run has reached its end
   * @return whether any process knows it: a run whose patience has ended is known to rank 0 alone
   */
  boolean leave(boolean complete) {
    boolean known = processes.any(complete);
    processes.leave();
    left = true;
    return known;
  }

  /** Leaves the group. If the work has not ended, the other processes take this for a loss. */
  @Override
  public void close() {
    if (left) {
      exchange.close(); // would wait for ever for a process that has failed
    }
    processes.close();
  }
}
