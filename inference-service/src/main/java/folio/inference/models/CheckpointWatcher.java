package folio.inference.models;

import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointReader;
import folio.model.checkpoint.CheckpointStore;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Loads the version that {@code CURRENT} names, whenever that changes, and offers it to the engine.
 * It polls, since file events do not cross nodes. While two models are resident it loads nothing,
 * so of the versions that come meanwhile it loads only the newest. If the store has no {@code
 * CURRENT} at startup, the watcher loads the embedded checkpoint.
 *
 * <p>The watcher tries a rejected version again, at growing intervals, since a volume may be away
 * for a while, and at once when its files change; it reports the rejection again only if the reason
 * changes. One thread runs it.
 */
public final class CheckpointWatcher implements AutoCloseable {
  private static final int MAX_SKIPPED_POLLS = 64;

  private final CheckpointStore store;
  private final Function<Checkpoint, LoadedModel> loader;
  private final ResidentModels models;
  private final LoadListener listener;
  private final CountDownLatch stopped = new CountDownLatch(1);

  /** The time when the poll in progress began, by {@link System#nanoTime}; null between polls. */
  private volatile Long pollBeganNanos;

  private volatile boolean failed;
  private String offeredVersion;
  private String rejectedVersion;
  private String rejectedMessage;
  private Optional<String> attemptedStamp = Optional.empty();
  private Optional<String> rejectedStamp = Optional.empty();
  private int failures;
  private int pollsToSkip;

  /**
   * Creates a watcher that does nothing before {@link #run} or {@link #poll}.
   *
   * @param loader normally {@link ModelLoader#load}
   */
  public CheckpointWatcher(
      CheckpointStore store,
      Function<Checkpoint, LoadedModel> loader,
      ResidentModels models,
      LoadListener listener) {
    this.store = store;
    this.loader = loader;
    this.models = models;
    this.listener = listener;
  }

  /**
   * Polls at an interval until {@link #close}. An error that is no fault of a checkpoint, such as a
   * class that cannot be initialized, ends the thread: {@link #failed} is true from then on.
   */
  public void run(Duration interval) {
    try {
      do {
        pollBeganNanos = System.nanoTime();
        poll();
        pollBeganNanos = null;
      } while (!stopped.await(interval.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Throwable e) {
      failed = true;
      listener.failed(e);
      throw e;
    }
  }

  /** Returns whether an error has ended {@link #run}. Safe for any thread. */
  public boolean failed() {
    return failed;
  }

  /** Returns how long the poll in progress has taken; zero between polls. Safe for any thread. */
  public Duration pollDuration() {
    Long began = pollBeganNanos;
    return began == null ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - began);
  }

  /**
   * Reads {@code CURRENT} once, and loads the version that it names if that is new and there is
   * room.
   */
  public void poll() {
    noteFailure();
    String wanted = null;
    try {
      Optional<String> current = store.current();
      if (current.isEmpty() && offeredVersion != null) {
        return; // the store is away for a while; the loaded model continues to serve
      }
      wanted = current.orElse(Checkpoint.EMBEDDED);
      if (wanted.equals(offeredVersion)) {
        models.withdrawLoadRequest();
        return;
      }
      Optional<String> stamp = stamp(wanted); // before it is read: a later change is read again
      if (skips(wanted, stamp) || !models.requestRoomForLoad()) {
        return;
      }
      attemptedStamp = stamp;
      long begin = System.nanoTime();
      Checkpoint checkpoint = current.isEmpty() ? Checkpoint.embedded() : store.open(current.get());
      offer(loader.apply(checkpoint));
      offeredVersion = wanted;
      listener.loaded(wanted, Duration.ofNanos(System.nanoTime() - begin));
    } catch (RuntimeException | OutOfMemoryError e) {
      reject(wanted == null ? "CURRENT" : wanted, describe(e));
    }
  }

  /** Takes note of a model that the engine could not use, as if it had not been offered. */
  private void noteFailure() {
    ResidentModels.Failure failure = models.pollFailure();
    if (failure != null) {
      offeredVersion = failure.version().equals(offeredVersion) ? null : offeredVersion;
      reject(failure.version(), failure.message());
    }
  }

  private void offer(LoadedModel model) {
    try {
      models.offer(model);
    } catch (IllegalStateException e) {
      model.close();
      throw e;
    }
  }

  private static String describe(Throwable e) {
    return e instanceof CheckpointException ? e.getMessage() : e.toString();
  }

  private boolean skips(String wanted, Optional<String> stamp) {
    if (!wanted.equals(rejectedVersion)) {
      return false;
    }
    if (stamp.isPresent() && !stamp.equals(rejectedStamp)) {
      failures = 0; // it is being copied or repaired: intervals grow from the shortest again
      return false;
    }
    pollsToSkip--;
    return pollsToSkip > 0;
  }

  private Optional<String> stamp(String version) {
    return CheckpointReader.isVersion(version) ? store.stamp(version) : Optional.empty();
  }

  private void reject(String version, String message) {
    boolean changed = !version.equals(rejectedVersion) || !message.equals(rejectedMessage);
    failures = version.equals(rejectedVersion) ? failures + 1 : 1;
    pollsToSkip = Math.min(MAX_SKIPPED_POLLS, 1 << Math.min(failures, 10));
    rejectedVersion = version;
    rejectedStamp = attemptedStamp;
    rejectedMessage = message;
    if (changed) {
      listener.rejected(version, message);
    }
  }

  /** Ends {@link #run} before its next poll. */
  @Override
  public void close() {
    stopped.countDown();
  }
}
