package folio.inference.models;

import java.time.Instant;
import java.util.BitSet;

/**
 * A model with its state and the workers that hold it. Workers pass it around as a handle; every
 * field but the model itself is read and written by {@link ResidentModels} alone, under its lock.
 */
public final class ResidentModel {
  /**
   * Where the model is in its life.
   *
   * <pre>
   * OFFERED → WARMING → CURRENT → RETIRING → CLOSING
   *     any phase before CLOSING → FAILED → CLOSING
   * </pre>
   */
  enum Phase {
    /** The loader has handed the model over; no worker has taken it. */
    OFFERED(ModelState.CANDIDATE),
    /** At least one worker runs its warm-up passes. */
    WARMING(ModelState.CANDIDATE),
    /** New requests run on it. */
    CURRENT(ModelState.CURRENT),
    /** A newer model is current; the requests that it began with still run. */
    RETIRING(ModelState.RETIRING),
    /** It failed; every worker must release it. */
    FAILED(ModelState.RETIRING),
    /** The last worker has released it, and its memory is being freed. */
    CLOSING(ModelState.RETIRING);

    private final ModelState shown;

    Phase(ModelState shown) {
      this.shown = shown;
    }

    private boolean mayBecome(Phase next) {
      return switch (this) {
        case OFFERED -> next == WARMING || next == FAILED;
        case WARMING -> next == CURRENT || next == FAILED;
        case CURRENT -> next == RETIRING || next == FAILED;
        case RETIRING -> next == CLOSING || next == FAILED;
        case FAILED -> next == CLOSING;
        case CLOSING -> false;
      };
    }
  }

  private final LoadedModel model;
  private final BitSet holders = new BitSet();
  private final BitSet warmWorkers = new BitSet();
  private Phase phase = Phase.OFFERED;
  private Instant since = Instant.now();
  private boolean fused = true;
  private boolean activated;
  private String failureMessage;

  ResidentModel(LoadedModel model) {
    this.model = model;
  }

  /** Returns the loaded model. */
  public LoadedModel model() {
    return model;
  }

  Phase phase() {
    return phase;
  }

  /** Returns the state that the API shows. */
  ModelState shownState() {
    return phase.shown;
  }

  /** Returns when the shown state began. */
  Instant since() {
    return since;
  }

  /**
   * Moves the model to its next phase.
   *
   * @throws IllegalStateException if the present phase does not allow it
   */
  void become(Phase next) {
    if (!phase.mayBecome(next)) {
      throw new IllegalStateException(model.version() + " is " + phase + "; it cannot be " + next);
    }
    since = phase.shown == next.shown ? since : Instant.now();
    phase = next;
    activated |= next == Phase.CURRENT;
  }

  void fail(String message) {
    become(Phase.FAILED);
    failureMessage = message;
  }

  /** Returns why the model failed, or null if it did not. */
  String failureMessage() {
    return failureMessage;
  }

  /** Returns the workers that hold the model. */
  BitSet holders() {
    return holders;
  }

  /**
   * Records that a worker has warmed the model.
   *
   * @param workerIsFused whether the worker decodes with the persistent kernel
   */
  void addWarmWorker(int worker, boolean workerIsFused) {
    warmWorkers.set(worker);
    fused &= workerIsFused;
  }

  int warmWorkers() {
    return warmWorkers.cardinality();
  }

  /** Returns whether every worker that has warmed it decodes with the persistent kernel. */
  boolean fused() {
    return fused;
  }

  /** Returns whether it has been the current model. */
  boolean activated() {
    return activated;
  }

  /** Returns whether workers should release it once they decode nothing with it. */
  boolean mustBeReleased() {
    return phase.compareTo(Phase.RETIRING) >= 0;
  }
}
