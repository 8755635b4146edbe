package folio.inference.models;

import folio.model.checkpoint.CheckpointDescription;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The one place where a model passes from the loader to the engine, and the list of who is
 * resident. Safe for use by any thread.
 */
public final class ModelHandover {
  private static final int MAX_RESIDENT = 2;

  /**
   * A resident model, for those who only want to know.
   *
   * @param since when it came into this state
   */
  public record Resident(
      String version, ModelState state, Instant since, CheckpointDescription description) {
    private Resident moved(ModelState next) {
      return new Resident(version, next, Instant.now(), description);
    }

    /**
     * Returns whether this is the entry of a model, and not of another load of the same version.
     */
    @SuppressWarnings("ReferenceEquality")
    private boolean isOf(LoadedModel model) {
      return description == model.description();
    }
  }

  /**
   * A model that the engine could not use.
   *
   * @param message for the person who looks after the checkpoints
   */
  public record Failure(String version, String message) {}

  private final List<Resident> residents = new ArrayList<>();
  private LoadedModel mailbox;
  private Failure failure;
  private boolean roomRequested;
  private Runnable onOffer = () -> {};

  /**
   * Whether one more model may be loaded. If not, the retiring one takes no new requests from now
   * on, so that its room comes free.
   */
  public synchronized boolean requestRoom() {
    roomRequested = residents.size() >= MAX_RESIDENT;
    return !roomRequested;
  }

  /** The loader wants no room any more. */
  public synchronized void withdrawRequest() {
    roomRequested = false;
  }

  /** Whether the loader waits for a retiring model to go. */
  public synchronized boolean roomRequested() {
    return roomRequested;
  }

  /** Sets what is called after every {@link #offer}, on the loader's thread. */
  public synchronized void onOffer(Runnable listener) {
    onOffer = listener;
  }

  /**
   * Gives a model to the engine; the loader must not touch it again.
   *
   * @throws IllegalStateException if there is no room
   */
  public void offer(LoadedModel model) {
    Runnable listener;
    synchronized (this) {
      if (mailbox != null || residents.size() >= MAX_RESIDENT) {
        throw new IllegalStateException("two models are resident already");
      }
      mailbox = model;
      residents.add(
          new Resident(model.version(), ModelState.CANDIDATE, Instant.now(), model.description()));
      listener = onOffer;
    }
    listener.run();
  }

  /** The model that waits to be taken, or null; engine only. */
  public synchronized LoadedModel poll() {
    LoadedModel model = mailbox;
    mailbox = null;
    return model;
  }

  /** A model is current from this moment on, and the one that was is retiring; engine only. */
  public synchronized void activated(LoadedModel model) {
    residents.replaceAll(
        resident -> {
          if (resident.isOf(model)) {
            return resident.moved(ModelState.CURRENT);
          }
          return resident.state() == ModelState.CURRENT
              ? resident.moved(ModelState.RETIRING)
              : resident;
        });
  }

  /** A model could not be used and was closed; engine only. */
  public synchronized void failed(LoadedModel model, String message) {
    closed(model);
    failure = new Failure(model.version(), message);
  }

  /** What failed since this was last asked, or null; loader only. */
  public synchronized Failure pollFailure() {
    Failure last = failure;
    failure = null;
    return last;
  }

  /** A model was closed; engine only. */
  public synchronized void closed(LoadedModel model) {
    residents.removeIf(resident -> resident.isOf(model));
  }

  /** Who is resident, oldest first. */
  public synchronized List<Resident> residents() {
    return List.copyOf(residents);
  }

  /** The model that new requests go to, if there is one. */
  public Optional<Resident> current() {
    return residents().stream()
        .filter(resident -> resident.state() == ModelState.CURRENT)
        .findFirst();
  }
}
