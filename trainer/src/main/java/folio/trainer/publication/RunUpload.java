package folio.trainer.publication;

import com.fasterxml.jackson.databind.JsonNode;
import folio.model.run.RunEvents;
import folio.model.run.RunStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * An uploader of a run's record: it copies the metrics file into the store while the run trains, so
 * that the page of a service can show the run. A thread of its own uploads, so that a slow store
 * does not delay the training. The training thread calls every method.
 */
public final class RunUpload implements AutoCloseable {
  /** The time between the end of an upload and the next one. */
  private static final Duration INTERVAL = Duration.ofSeconds(2);

  /** The longest time that the last upload may take. */
  private static final Duration LAST_UPLOAD = Duration.ofSeconds(10);

  /** The number of runs that stay in the store. */
  private static final int RUNS = 50;

  /** The kinds of events of which not all are in the store. */
  private static final Set<String> SHORTENED = Set.of("progress", "sample", "prediction");

  /** The largest number of progress events in the store; they are thinned out evenly. */
  private static final int MOST_PROGRESS = 1000;

  /** The largest number of samples in the store; the newest stay. */
  private static final int MOST_SAMPLES = 50;

  private final RunStore store;
  private final String run;
  private final Path metrics;
  private final AtomicBoolean changed = new AtomicBoolean(true);
  private final AtomicReference<String> failure = new AtomicReference<>();
  private final ScheduledExecutorService uploads;
  private boolean failureReported;

  /**
   * Starts to upload a record. The store keeps the newest runs.
   *
   * @param run the identifier of the run
   * @param metrics the metrics file, which the training thread writes
   */
  @SuppressWarnings("FutureReturnValueIgnored") // the tasks keep their failures
  public RunUpload(RunStore store, String run, Path metrics) {
    this.store = store;
    this.run = run;
    this.metrics = metrics;
    this.uploads =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "run-upload");
              thread.setDaemon(true);
              return thread;
            });
    uploads.execute(this::deleteOldRuns);
    uploads.scheduleWithFixedDelay(this::upload, 0, INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Records that the metrics file has changed. */
  public void changed() {
    changed.set(true);
  }

  /** Returns why the store cannot be written, once. */
  public Optional<String> failure() {
    String message = failure.get();
    if (message == null || failureReported) {
      return Optional.empty();
    }
    failureReported = true;
    return Optional.of("the run is not shown live: " + message);
  }

  private void deleteOldRuns() {
    try {
      store.deleteAllBut(RUNS - 1);
    } catch (IOException e) {
      failure.set(e.getMessage());
    }
  }

  private void upload() {
    if (!changed.getAndSet(false)) {
      return;
    }
    try {
      store.write(run, shortened(RunEvents.read(metrics)));
    } catch (IOException | RuntimeException e) {
      changed.set(true); // the next attempt may succeed
      failure.set(e.getMessage());
    }
  }

  /** Returns a record without the events of which there are too many. */
  static RunEvents shortened(RunEvents events) {
    Set<JsonNode> kept = Collections.newSetFromMap(new IdentityHashMap<>());
    kept.addAll(events.evenly("progress", MOST_PROGRESS));
    kept.addAll(newest(events.of("sample"), MOST_SAMPLES));
    kept.addAll(newest(events.of("prediction"), 1));
    return new RunEvents(
        events.all().stream()
            .filter(event -> kept.contains(event) || !SHORTENED.contains(kind(event)))
            .toList());
  }

  private static String kind(JsonNode event) {
    return event.path("event").asText();
  }

  private static List<JsonNode> newest(List<JsonNode> events, int most) {
    return events.subList(Math.max(0, events.size() - most), events.size());
  }

  /** Uploads the end of the record, unless that takes too long, and ends the thread. */
  @Override
  public void close() {
    Future<?> last = uploads.submit(this::upload);
    uploads.shutdown();
    try {
      last.get(LAST_UPLOAD.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      uploads.shutdownNow();
    }
  }
}
