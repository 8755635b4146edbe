package folio.inference.models;

import folio.inference.fused.FusedDecoderFactory;
import folio.inference.models.ResidentModel.Phase;
import folio.model.checkpoint.CheckpointDescription;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The models in memory and the one state machine of their lives, under one lock. The loader offers
 * a model; every worker warms it; the last one to do so makes it current and the model before it
 * retiring; the last worker to release a retiring model closes it. Every worker releases a model
 * that failed; it is closed, and the loader receives the reason. At most two models are resident.
 * Safe for use by any thread; {@link ResidentModel.Phase} lists the transitions.
 */
public final class ResidentModels implements AutoCloseable {
  private static final int MAX_RESIDENT = 2;

  /**
   * The view of a resident model that the API shows.
   *
   * @param since when the state began
   */
  public record Resident(
      String version, ModelState state, Instant since, CheckpointDescription description) {}

  /**
   * A model that the engine could not use.
   *
   * @param message for the operator
   */
  public record Failure(String version, String message) {}

  private final List<ResidentModel> residents = new ArrayList<>();
  private final Activations activations = new Activations();
  private int workers;
  private ModelListener listener = new ModelListener() {};
  private Runnable onChange = () -> {};
  private Failure failure;
  private boolean loadIsWaiting;
  private volatile int fusedSlots;

  /**
   * Connects the engine, before its workers run.
   *
   * @param workerCount how many workers must warm a model before it is current
   * @param changes called, under the lock, whenever every worker should look at its models
   */
  public synchronized void connect(int workerCount, ModelListener events, Runnable changes) {
    workers = workerCount;
    listener = events;
    onChange = changes;
  }

  /**
   * Returns whether one more model may be loaded. If not, the retiring model takes no new requests
   * from now on, so that it can be closed. Loader only.
   */
  public synchronized boolean requestRoomForLoad() {
    loadIsWaiting = residents.size() >= MAX_RESIDENT;
    return !loadIsWaiting;
  }

  /** Withdraws {@link #requestRoomForLoad}. Loader only. */
  public synchronized void withdrawLoadRequest() {
    loadIsWaiting = false;
  }

  /** Returns whether the loader waits for the retiring model to be closed. */
  public synchronized boolean loadIsWaiting() {
    return loadIsWaiting;
  }

  /**
   * Hands a model over to the engine; the loader must not touch it afterwards. Loader only.
   *
   * @throws IllegalStateException if two models are resident
   */
  public synchronized void offer(LoadedModel model) {
    if (residents.size() >= MAX_RESIDENT) {
      throw new IllegalStateException("two models are resident already");
    }
    residents.add(new ResidentModel(model));
    onChange.run();
  }

  /** Returns the failure since the last call, or null if there was none. Loader only. */
  public synchronized Failure pollFailure() {
    Failure last = failure;
    failure = null;
    return last;
  }

  /** Returns the resident models, oldest first. */
  public synchronized List<Resident> residents() {
    return residents.stream()
        .map(
            resident ->
                new Resident(
                    resident.model().version(),
                    resident.shownState(),
                    resident.since(),
                    resident.model().description()))
        .toList();
  }

  /** Returns the model that new requests run on, if there is one. */
  public Optional<Resident> current() {
    return residents().stream()
        .filter(resident -> resident.state() == ModelState.CURRENT)
        .findFirst();
  }

  /** Returns the times in which each model was current, oldest first; at most 100. */
  public synchronized List<Activation> activations() {
    return activations.list();
  }

  /** Returns whether requests can be run. Workers only. */
  public synchronized boolean serves() {
    return find(Phase.CURRENT) != null;
  }

  /**
   * Returns how many sequences each worker decodes with the persistent kernel on the current model;
   * 0 if any worker cannot.
   */
  public int fusedSlots() {
    return fusedSlots;
  }

  /**
   * Returns the model that a worker is to warm, or null if there is none; the worker holds it from
   * now on.
   */
  public synchronized ResidentModel acquireForWarmUp(int worker) {
    ResidentModel offered = find(Phase.OFFERED);
    if (offered != null) {
      offered.become(Phase.WARMING);
    }
    ResidentModel candidate = find(Phase.WARMING);
    return candidate == null || candidate.holders().get(worker) ? null : hold(candidate, worker);
  }

  /**
   * Records that a worker has warmed a model; the last worker to do so makes it current.
   *
   * @param fused whether the worker decodes with the persistent kernel
   */
  public synchronized void warmed(ResidentModel model, int worker, boolean fused) {
    model.addWarmWorker(worker, fused);
    if (model.phase() != Phase.WARMING || model.warmWorkers() < workers) {
      return;
    }
    ResidentModel former = find(Phase.CURRENT);
    if (former != null) {
      former.become(Phase.RETIRING);
    }
    model.become(Phase.CURRENT);
    activations.began(model.model().version(), model.since());
    fusedSlots =
        model.fused() ? model.model().fused().map(FusedDecoderFactory::slots).orElse(0) : 0;
    listener.activated(model.model().version());
    onChange.run();
  }

  /** Returns the current model, or null if there is none; the worker holds it from now on. */
  public synchronized ResidentModel acquireCurrent(int worker) {
    ResidentModel current = find(Phase.CURRENT);
    return current == null ? null : hold(current, worker);
  }

  /**
   * Returns the model of a version, or null if it takes no requests; the worker holds it from now
   * on. A retiring model takes none once its loader has asked for room, and none while no model is
   * current.
   */
  public synchronized ResidentModel acquire(String version, int worker) {
    ResidentModel current = find(Phase.CURRENT);
    if (current == null || current.model().version().equals(version)) {
      return current == null ? null : hold(current, worker);
    }
    ResidentModel retiring = find(Phase.RETIRING);
    boolean open = retiring != null && !loadIsWaiting;
    return open && retiring.model().version().equals(version) ? hold(retiring, worker) : null;
  }

  private ResidentModel find(Phase phase) {
    for (ResidentModel resident : residents) {
      if (resident.phase() == phase) {
        return resident;
      }
    }
    return null;
  }

  private static ResidentModel hold(ResidentModel model, int worker) {
    model.holders().set(worker);
    return model;
  }

  /** Marks a model as failed: every worker releases it in its next iteration. */
  public synchronized void fail(ResidentModel model, String message) {
    if (model.failureMessage() != null || model.phase() == Phase.CLOSING) {
      return;
    }
    if (model.phase() == Phase.CURRENT) {
      fusedSlots = 0;
      activations.ended(Instant.now());
    }
    model.fail(message);
    onChange.run();
  }

  /** Returns why a model failed, or null if it did not. */
  public synchronized String failureMessage(ResidentModel model) {
    return model.failureMessage();
  }

  /** Returns whether a worker should release a model once it decodes nothing with it. */
  public synchronized boolean mustBeReleased(ResidentModel model) {
    return model.mustBeReleased();
  }

  /** Releases a model; the last worker to do so closes a retiring or failed model. */
  public void release(ResidentModel model, int worker) {
    synchronized (this) {
      model.holders().clear(worker);
      boolean last = model.holders().isEmpty() && model.mustBeReleased();
      if (!last || model.phase() == Phase.CLOSING) {
        return;
      }
      model.become(Phase.CLOSING);
    }
    close(model);
  }

  /** Frees a model outside of the lock, since that takes a while; only then is there room. */
  private void close(ResidentModel resident) {
    LoadedModel model = resident.model();
    RuntimeException problem = null;
    try {
      model.close();
    } catch (RuntimeException e) {
      problem = e;
    }
    ModelListener events;
    synchronized (this) {
      residents.remove(resident);
      if (resident.failureMessage() != null) {
        failure = new Failure(model.version(), resident.failureMessage());
      }
      events = listener;
    }
    if (problem != null) {
      events.closeFailed(model.version(), problem);
    }
    if (resident.activated()) {
      events.closed(model.version());
    }
  }

  /** Frees every model; the workers must have ended. */
  @Override
  public void close() {
    List<ResidentModel> all;
    synchronized (this) {
      all = List.copyOf(residents);
      fusedSlots = 0;
    }
    all.forEach(this::close);
  }
}
