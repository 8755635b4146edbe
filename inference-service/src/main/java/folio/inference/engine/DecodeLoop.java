package folio.inference.engine;

import folio.inference.generation.Rejection;
import folio.model.vocabulary.UnknownCharacterException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The turns of a lane: warm a new model, admit, read prompts and step, sample, emit, retire. Owned
 * by the lane's thread; with other lanes it shares the queue and the models, and no slots.
 */
final class DecodeLoop implements AutoCloseable {
  /**
   * What all lanes share.
   *
   * @param queueTimeout longest time in the queue
   */
  record Shared(
      AdmissionQueue queue, ModelRotation models, EngineListener listener, Duration queueTimeout) {}

  private final int worker;
  private final AdmissionQueue queue;
  private final ModelRotation models;
  private final EngineListener listener;
  private final Duration queueTimeout;
  private final List<DecodeBatch> batches = new ArrayList<>();
  private final WarmUp warmUp;
  private final OutputDispatcher delivery;
  private long lastStepNanos;

  DecodeLoop(int worker, Shared shared) {
    this.worker = worker;
    this.queue = shared.queue();
    this.models = shared.models();
    this.listener = shared.listener();
    this.queueTimeout = shared.queueTimeout();
    this.warmUp = new WarmUp(worker, queue.maxPerWorker(), models, listener);
    this.delivery = new OutputDispatcher(worker, queue, listener);
  }

  /** Takes one turn; returns whether there is more to do at once. */
  boolean iterate() {
    DecodeBatch warm = warmUp.advance();
    if (warm != null) {
      batches.add(warm);
    }
    dropQueued();
    admit();
    int written = 0;
    for (DecodeBatch batch : List.copyOf(batches)) {
      sweep(batch);
      if (models.isLost(batch.model())) {
        leaveLost(batch);
      } else if (!batch.isEmpty()) {
        written += advance(batch);
      }
    }
    if (written == 0) {
      delivery.send(); // nobody's next step is waited for
    }
    tellGap(written);
    leaveRetired();
    return running() > 0 || warmUp.inFlight() || (queue.waitsFor(worker) && models.serves());
  }

  /** Requests that have a slot of this lane. */
  int running() {
    return batches.stream().mapToInt(DecodeBatch::size).sum();
  }

  private void tellGap(int written) {
    long now = System.nanoTime();
    if (written > 0 && lastStepNanos != 0) {
      listener.interToken(Duration.ofNanos(now - lastStepNanos));
    }
    lastStepNanos = written > 0 ? now : 0; // a pause is no gap inside a stream
  }

  /** Requests that wait in vain: their clients are gone, or they waited too long. */
  private void dropQueued() {
    queue.removeIf(QueuedRequest::cancelled);
    long oldest = System.nanoTime() - queueTimeout.toNanos();
    for (QueuedRequest late : queue.removeIf(waiting -> waiting.arrivedNanos() - oldest < 0)) {
      reject(late, new Rejection.WaitedTooLong(queueTimeout, queue.retryAfter()));
    }
  }

  private void admit() {
    while (models.serves()) {
      QueuedRequest waiting = queue.poll(worker);
      if (waiting == null) {
        return;
      }
      boolean admitted = false;
      try {
        admitted = !waiting.cancelled() && admit(waiting);
      } catch (RuntimeException | OutOfMemoryError e) {
        listener.failed(waiting.slots(), e);
        waiting.abort(e);
      }
      if (!admitted) {
        queue.returned(worker, waiting);
      }
    }
  }

  private boolean admit(QueuedRequest waiting) {
    SharedModel model = models.enter(waiting.model(), worker);
    if (model == null) {
      reject(
          waiting,
          models.serves() ? new Rejection.UnknownModel(waiting.model()) : new Rejection.NoModel());
      return false;
    }
    DecodeBatch batch = batchOf(model); // which leaves the model again if nothing comes of it
    String wanted = waiting.weights();
    if (wanted != null && !wanted.equals(model.model().description().weightsDigest())) {
      reject(waiting, new Rejection.UnknownModel(waiting.model()));
      return false;
    }
    try {
      Sequence slot = Sequence.of(waiting, model.model(), System.nanoTime());
      batch.begin(slot);
      listener.admitted(slot.reply().queued(), slot.prompt().length());
      return true;
    } catch (UnknownCharacterException e) {
      reject(
          waiting,
          new Rejection.UnknownCharacter(
              e.getMessage() + " of model " + model.model().version(),
              Character.toString(e.codePoint()),
              e.position()));
      return false;
    }
  }

  private DecodeBatch batchOf(SharedModel model) {
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
      models.lose(model, "it cannot take a request: " + e);
      models.leave(model, worker);
      throw e;
    }
  }

  /** Empties the rows of slots that need them no more. */
  private void sweep(DecodeBatch batch) {
    batch.removeOver().forEach(delivery::endIfGivenUp);
  }

  /**
   * One more character for every running slot of a model, and first characters for those whose
   * prompt has been read. While a GPU computes, what it computed in the last turn is sent; on a CPU
   * there is nothing to wait for, and characters are sent in their own turn.
   *
   * @return characters of running slots
   */
  private int advance(DecodeBatch batch) {
    int stepping = batch.running();
    int characters;
    List<Sequence> ready;
    long begin = System.nanoTime();
    try {
      batch.launch();
      delivery.send();
      characters = batch.finish(this::othersWait);
      delivery.add(batch.runningSlots());
      sweep(batch);
      ready = batch.startReady();
    } catch (RuntimeException | OutOfMemoryError e) {
      delivery.send();
      models.lose(batch.model(), "a pass failed: " + e);
      delivery.fail(batch.removeAll(), e);
      leave(batch);
      return 0;
    }
    if (stepping > 0) {
      listener.stepped(stepping, characters, Duration.ofNanos(System.nanoTime() - begin));
    }
    ready.forEach(delivery::sendFirst);
    if (!batch.asynchronous() || batch.running() == 0) {
      delivery.send();
    }
    return characters;
  }

  /** Whether somebody else is to have the lane before a batch goes on by itself. */
  private boolean othersWait() {
    return queue.waitsFor(worker) || batches.size() > 1 || warmUp.inFlight();
  }

  private void reject(QueuedRequest waiting, Rejection rejection) {
    waiting.reject(rejection);
    listener.rejected(rejection);
  }

  /** Has nothing to do any more with models that others will be run by. */
  private void leaveRetired() {
    for (DecodeBatch batch : List.copyOf(batches)) {
      if (batch.isEmpty() && models.isPast(batch.model())) {
        leave(batch);
      }
    }
  }

  /** A pass failed in another lane: what this one computes with the model is not to be trusted. */
  private void leaveLost(DecodeBatch batch) {
    delivery.send();
    if (!batch.isEmpty()) {
      delivery.fail(batch.removeAll(), new IllegalStateException(batch.model().lost()));
    }
    leave(batch);
  }

  private void leave(DecodeBatch batch) {
    batches.remove(batch);
    try {
      batch.close();
    } catch (RuntimeException e) {
      listener.failed(0, e); // what it held is lost; the loop goes on
    }
    models.leave(batch.model(), worker);
  }

  /** Ends everything that runs in this lane. */
  @Override
  public void close() {
    delivery.send();
    warmUp.close();
    for (DecodeBatch batch : List.copyOf(batches)) {
      delivery.giveUp(batch.removeAll(), "the service is shutting down");
      leave(batch);
    }
  }
}
