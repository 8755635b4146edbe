package folio.inference.models;

import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointException;
import folio.model.checkpoint.CheckpointStore;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Follows {@code CURRENT}: whenever it names another version, that version is verified, loaded and
 * handed over. It polls, as file events do not cross nodes. Of versions that come while there is no
 * room, only the newest is loaded. Without a {@code CURRENT} from the beginning, the embedded
 * checkpoint is loaded.
 *
 * <p>A version that is refused is tried again, ever more rarely, as a folder may come back; it is
 * reported again only if the reason changes.
 */
public final class CheckpointWatcher implements AutoCloseable {
  private static final int LONGEST_PAUSE_TURNS = 64;

  private final CheckpointStore store;
  private final Function<Checkpoint, LoadedModel> loader;
  private final ModelHandover handover;
  private final LoadListener listener;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private String handedOver;
  private String refused;
  private String refusedMessage;
  private int failures;
  private int pauseTurns;

  /**
   * A watcher; nothing happens before {@link #run} or {@link #poll}.
   *
   * @param loader {@link ModelLoader#load}
   */
  public CheckpointWatcher(
      CheckpointStore store,
      Function<Checkpoint, LoadedModel> loader,
      ModelHandover handover,
      LoadListener listener) {
    this.store = store;
    this.loader = loader;
    this.handover = handover;
    this.listener = listener;
  }

  /** Takes turns until {@link #close}. */
  public void run(Duration interval) {
    try {
      do {
        poll();
      } while (!stopped.await(interval.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Looks once, and loads what is new if there is room. */
  public void poll() {
    noteFailure();
    String wanted = null;
    try {
      Optional<String> current = store.current();
      if (current.isEmpty() && handedOver != null) {
        return; // the folder is away for a while: what is loaded serves on
      }
      wanted = current.orElse("embedded");
      if (wanted.equals(handedOver)) {
        handover.withdrawRequest();
        return;
      }
      if (pausing(wanted) || !handover.requestRoom()) {
        return;
      }
      long begin = System.nanoTime();
      Checkpoint checkpoint = current.isEmpty() ? Checkpoint.embedded() : store.open(current.get());
      offer(loader.apply(checkpoint));
      handedOver = wanted;
      listener.loaded(wanted, Duration.ofNanos(System.nanoTime() - begin));
    } catch (RuntimeException | OutOfMemoryError e) {
      reject(wanted == null ? "CURRENT" : wanted, describe(e));
    }
  }

  /** A model may be refused by the engine too: then it was never handed over. */
  private void noteFailure() {
    ModelHandover.Failure failure = handover.pollFailure();
    if (failure != null) {
      handedOver = failure.version().equals(handedOver) ? null : handedOver;
      reject(failure.version(), failure.message());
    }
  }

  private void offer(LoadedModel model) {
    try {
      handover.offer(model);
    } catch (IllegalStateException e) {
      model.close();
      throw e;
    }
  }

  private static String describe(Throwable e) {
    return e instanceof CheckpointException ? e.getMessage() : e.toString();
  }

  private boolean pausing(String wanted) {
    if (!wanted.equals(refused)) {
      return false;
    }
    pauseTurns--;
    return pauseTurns > 0;
  }

  private void reject(String version, String message) {
    boolean news = !version.equals(refused) || !message.equals(refusedMessage);
    failures = version.equals(refused) ? failures + 1 : 1;
    pauseTurns = Math.min(LONGEST_PAUSE_TURNS, 1 << Math.min(failures, 10));
    refused = version;
    refusedMessage = message;
    if (news) {
      listener.rejected(version, message);
    }
  }

  /** Ends {@link #run} soon. */
  @Override
  public void close() {
    stopped.countDown();
  }
}
