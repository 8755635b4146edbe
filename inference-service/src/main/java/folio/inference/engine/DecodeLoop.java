package folio.inference.engine;

import folio.inference.generation.Rejection;
import folio.inference.models.ResidentModel;
import folio.inference.models.ResidentModels;
import folio.model.vocabulary.UnknownCharacterException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The iterations of a worker. Each runs one warm-up pass of a new model, admits requests, reads
 * prompts, steps every running sequence, samples, sends tokens and removes finished sequences.
 * Owned by the worker's thread; workers share the queue and the models, and no sequences.
 */
final class DecodeLoop implements AutoCloseable {
  /**
   * The objects that all workers share.
   *
   * @param queueTimeout the longest time that a request waits for a slot
   */
  record Shared(
      AdmissionQueue queue,
      ResidentModels models,
      EngineListener listener,
      Duration queueTimeout) {}

  private final int worker;
  private final AdmissionQueue queue;
  private final ResidentModels models;
  private final EngineListener listener;
  private final Duration queueTimeout;
  private final List<DecodeBatch> batches = new ArrayList<>();
  private final WarmUp warmUp;
  private final OutputDispatcher dispatcher;
  private long lastStepNanos;

  DecodeLoop(int worker, Shared shared) {
    this.worker = worker;
    this.queue = shared.queue();
    this.models = shared.models();
    this.listener = shared.listener();
    this.queueTimeout = shared.queueTimeout();
    this.warmUp = new WarmUp(worker, queue.maxPerWorker(), models, listener);
    this.dispatcher = new OutputDispatcher(worker, queue, listener);
  }

  /** Runs one iteration. Returns whether there is more to do at once. */
  boolean iterate() {
    DecodeBatch warm = warmUp.advance();
    if (warm != null) {
      batches.add(warm);
    }
    rejectStale();
    admit();
    int tokens = 0;
    for (DecodeBatch batch : List.copyOf(batches)) {
      removeFinished(batch);
      if (models.failureMessage(batch.model()) != null) {
        releaseFailed(batch);
      } else if (!batch.isEmpty()) {
        tokens += step(batch);
      }
    }
    if (tokens == 0) {
      dispatcher.send(); // no step follows that could overlap with it
    }
    reportGap(tokens);
    releaseRetired();
    return sequenceCount() > 0
        || warmUp.inProgress()
        || (queue.hasNextFor(worker) && models.serves());
  }

  /** Returns how many sequences and unread prompts the worker has. */
  int sequenceCount() {
    return batches.stream().mapToInt(DecodeBatch::sequenceCount).sum();
  }

  private void reportGap(int tokens) {
    long now = System.nanoTime();
    if (tokens > 0 && lastStepNanos != 0) {
      listener.interToken(Duration.ofNanos(now - lastStepNanos));
    }
    lastStepNanos = tokens > 0 ? now : 0; // a pause is no gap inside a stream
  }

  /** Drops queued requests whose clients disconnected, and rejects those that waited too long. */
  private void rejectStale() {
    queue.removeIf(QueuedRequest::cancelled).forEach(QueuedRequest::endIfCancelled);
    long oldest = System.nanoTime() - queueTimeout.toNanos();
    for (QueuedRequest late : queue.removeIf(request -> request.arrivedNanos() - oldest < 0)) {
      reject(late, new Rejection.WaitedTooLong(queueTimeout, queue.retryAfter()));
    }
  }

  private void admit() {
    while (models.serves()) {
      QueuedRequest request = queue.poll(worker);
      if (request == null) {
        return;
      }
      boolean admitted = false;
      try {
        admitted = !request.endIfCancelled() && admit(request);
      } catch (RuntimeException | OutOfMemoryError e) {
        listener.failed(request.slots(), e);
        request.abort(e);
      }
      if (!admitted) {
        queue.releaseUnused(worker, request);
      }
    }
  }

  private boolean admit(QueuedRequest request) {
    ResidentModel model =
        request.wantsCurrent()
            ? models.acquireCurrent(worker)
            : models.acquire(request.model(), worker);
    if (model == null) {
      reject(
          request,
          models.serves() ? new Rejection.UnknownModel(request.model()) : new Rejection.NoModel());
      return false;
    }
    DecodeBatch batch = batchOf(model); // leavePast leaves the model if nothing joins the batch
    String wanted = request.weightsDigest();
    if (wanted != null && !wanted.equals(model.model().description().weightsDigest())) {
      reject(request, new Rejection.UnknownModel(request.model()));
      return false;
    }
    try {
      SequenceGroup group = new SequenceGroup(request, model.model(), System.nanoTime());
      batch.begin(group);
      listener.admitted(group.queueTime(), group.cursor().length());
      return true;
    } catch (UnknownCharacterException e) {
      reject(
          request,
          new Rejection.UnknownCharacter(
              e.getMessage() + " of model " + model.model().version(),
              Character.toString(e.codePoint()),
              e.position()));
      return false;
    }
  }

  private DecodeBatch batchOf(ResidentModel model) {
    for (DecodeBatch batch : batches) {
      if (batch.model() == model) {
        return batch;
      }
    }
    try {
      DecodeBatch batch = new DecodeBatch(model);
      batches.add(batch);
      return batch;
    } catch (RuntimeException | OutOfMemoryError e) {
      models.fail(model, "the allocation of its batch failed: " + e);
      models.release(model, worker);
      throw e;
    }
  }

  private void removeFinished(DecodeBatch batch) {
    batch.removeFinished().forEach(dispatcher::endIfCancelledOrFailed);
  }

  /**
   * Runs one pass of a batch. While a GPU computes it, the tokens of the pass before are sent; on a
   * CPU a pass is over when it returns, so its tokens are sent at once.
   *
   * @return how many tokens the running sequences have got
   */
  private int step(DecodeBatch batch) {
    int sequences = batch.decodingCount();
    int tokens;
    List<Sequence> ready;
    long begin = System.nanoTime();
    try {
      batch.launch();
      dispatcher.send();
      tokens = batch.finish(this::otherWorkWaits);
      dispatcher.add(batch.runningSequences());
      removeFinished(batch);
      ready = batch.startReady();
    } catch (RuntimeException | OutOfMemoryError e) {
      dispatcher.send();
      models.fail(batch.model(), "a pass failed: " + e);
      dispatcher.fail(batch.removeAll(), e);
      release(batch);
      return 0;
    }
    if (sequences > 0) {
      listener.stepped(sequences, tokens, Duration.ofNanos(System.nanoTime() - begin));
    }
    ready.forEach(dispatcher::sendFirst);
    if (!batch.asynchronous() || batch.decodingCount() == 0) {
      dispatcher.send();
    }
    return tokens;
  }

  private boolean otherWorkWaits() {
    return queue.hasNextFor(worker) || batches.size() > 1 || warmUp.inProgress();
  }

  private void reject(QueuedRequest request, Rejection rejection) {
    request.reject(rejection);
    listener.rejected(rejection);
  }

  /** Leaves retiring models once none of the worker's sequences runs on them. */
  private void releaseRetired() {
    for (DecodeBatch batch : List.copyOf(batches)) {
      if (batch.isEmpty() && models.mustBeReleased(batch.model())) {
        release(batch);
      }
    }
  }

  /** Leaves a model that failed on another worker: what it computes here cannot be trusted. */
  private void releaseFailed(DecodeBatch batch) {
    dispatcher.send();
    if (!batch.isEmpty()) {
      String message = models.failureMessage(batch.model());
      dispatcher.fail(batch.removeAll(), new IllegalStateException(message));
    }
    release(batch);
  }

  private void release(DecodeBatch batch) {
    batches.remove(batch);
    try {
      batch.close();
    } catch (RuntimeException e) {
      listener.failed(0, e); // some memory stays allocated; the loop continues
    }
    models.release(batch.model(), worker);
  }

  /** Ends every sequence of the worker and leaves every model. */
  @Override
  public void close() {
    dispatcher.send();
    warmUp.close();
    for (DecodeBatch batch : List.copyOf(batches)) {
      dispatcher.abandon(batch.removeAll(), "the service is shutting down");
      release(batch);
    }
  }
}
