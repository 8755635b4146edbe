package folio.inference.engine;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.Refusal;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.UnknownCharacterException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;

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

  private final int lane;
  private final AdmissionQueue queue;
  private final ModelRotation models;
  private final EngineListener listener;
  private final Duration queueTimeout;
  private final List<DecodeBatch> batches = new ArrayList<>();
  private final List<Slot> unsent = new ArrayList<>();
  private final Set<CharGruConfig> warmed = new HashSet<>();
  private final Queue<Runnable> warmUps = new ArrayDeque<>();
  private SharedModel warming;
  private long lastStepNanos;

  DecodeLoop(int lane, Shared shared) {
    this.lane = lane;
    this.queue = shared.queue();
    this.models = shared.models();
    this.listener = shared.listener();
    this.queueTimeout = shared.queueTimeout();
  }

  /** Takes one turn; returns whether there is more to do at once. */
  boolean turn() {
    warm();
    dropQueued();
    admit();
    int stepped = 0;
    for (DecodeBatch batch : List.copyOf(batches)) {
      sweep(batch);
      if (models.isLost(batch.model())) {
        leaveLost(batch);
      } else if (!batch.isEmpty()) {
        stepped += advance(batch);
      }
    }
    tellGap(stepped);
    leaveRetired();
    return running() > 0 || warming != null || (queue.waitsFor(lane) && models.serves());
  }

  /** Requests that have a slot of this lane. */
  int running() {
    return batches.stream().mapToInt(DecodeBatch::size).sum();
  }

  private void tellGap(int stepped) {
    long now = System.nanoTime();
    if (stepped > 0 && lastStepNanos != 0) {
      listener.interToken(Duration.ofNanos(now - lastStepNanos));
    }
    lastStepNanos = stepped > 0 ? now : 0; // a pause is no gap inside a stream
  }

  /**
   * Warms the next model a little: its kernels are chosen and compiled at their first pass, each
   * architecture's once, as they know no weights.
   */
  private void warm() {
    if (warming == null) {
      warming = models.enterCandidate(lane);
      if (warming == null) {
        return;
      }
      if (warmed.add(configOf(warming))) {
        warmUps.addAll(DecodeBatch.warmUps(warming.model().decoder(), queue.mostInALane()));
      }
    }
    if (models.isLost(warming)) {
      giveUpWarming();
      return;
    }
    try {
      Runnable next = warmUps.poll();
      if (next != null) {
        next.run();
      } else {
        batches.add(new DecodeBatch(warming));
        models.warmed(warming, lane);
        warming = null;
      }
    } catch (RuntimeException | OutOfMemoryError e) {
      models.lose(warming, "it cannot be warmed: " + e);
      giveUpWarming();
      listener.failed(0, e);
    }
  }

  private static CharGruConfig configOf(SharedModel model) {
    return model.model().description().config();
  }

  private void giveUpWarming() {
    SharedModel lost = warming;
    warming = null;
    warmUps.clear();
    warmed.remove(configOf(lost));
    models.leave(lost, lane);
  }

  /** Requests that wait in vain: their clients are gone, or they waited too long. */
  private void dropQueued() {
    queue.removeIf(waiting -> waiting.stream().cancelled());
    long oldest = System.nanoTime() - queueTimeout.toNanos();
    for (Waiting late : queue.removeIf(waiting -> waiting.arrivedNanos() - oldest < 0)) {
      refuse(late, new Refusal.WaitedTooLong(queueTimeout, queue.retryAfter()));
    }
  }

  private void admit() {
    while (models.serves()) {
      Waiting waiting = queue.poll(lane);
      if (waiting == null) {
        return;
      }
      if (waiting.stream().cancelled() || !admit(waiting)) {
        queue.returned(lane);
      }
    }
  }

  private boolean admit(Waiting waiting) {
    SharedModel model = models.enter(waiting.request().model(), lane);
    if (model == null) {
      refuse(
          waiting,
          models.serves()
              ? new Refusal.UnknownModel(waiting.request().model())
              : new Refusal.NoModel());
      return false;
    }
    DecodeBatch batch = batchOf(model);
    try {
      Slot slot = new Slot(waiting, model.model(), System.nanoTime());
      batch.begin(slot);
      listener.admitted(slot.queued(), slot.promptTokens());
      return true;
    } catch (UnknownCharacterException e) {
      refuse(
          waiting,
          new Refusal.UnknownCharacter(
              "prompt: " + e.getMessage() + " of model " + model.model().version(),
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
    DecodeBatch batch = new DecodeBatch(model);
    batches.add(batch);
    return batch;
  }

  /** Empties the rows of slots that need them no more. */
  private void sweep(DecodeBatch batch) {
    batch.removeOver().forEach(this::finishIfCancelled);
  }

  /** Those that ended otherwise have a character that is still to be sent. */
  private void finishIfCancelled(Slot slot) {
    boolean cancelled = slot.over() && slot.reason() == null && slot.failure() == null;
    if (cancelled && !slot.ended()) { // its client may leave between two looks at it
      finish(slot, FinishReason.CANCELLED);
    }
  }

  /**
   * One more character for every running slot of a model, and first characters for those whose
   * prompt has been read. While a GPU computes, what it computed in the last turn is sent; on a CPU
   * there is nothing to wait for, and characters are sent in their own turn.
   */
  private int advance(DecodeBatch batch) {
    int stepping = batch.running();
    List<Slot> ready;
    long begin = System.nanoTime();
    try {
      batch.launch();
      send();
      batch.finish();
      unsent.addAll(batch.runningSlots());
      sweep(batch);
      ready = batch.startReady();
    } catch (RuntimeException | OutOfMemoryError e) {
      send();
      models.lose(batch.model(), "a pass failed: " + e);
      fail(batch.removeAll(), e);
      leave(batch);
      return stepping;
    }
    if (stepping > 0) {
      listener.stepped(stepping, Duration.ofNanos(System.nanoTime() - begin));
    }
    ready.forEach(this::sendFirst);
    if (!batch.asynchronous() || batch.running() == 0) {
      send();
    }
    return stepping;
  }

  private void sendFirst(Slot slot) {
    slot.emit();
    if (slot.failure() == null) {
      listener.firstToken(slot.firstToken());
    }
    settle(slot);
    finishIfCancelled(slot);
  }

  private void send() {
    for (Slot slot : unsent) {
      if (!slot.ended()) {
        slot.emit();
        settle(slot);
      }
    }
    unsent.clear();
  }

  /** Tells how a generation ended if its last character is sent, or cannot be. */
  private void settle(Slot slot) {
    if (slot.failure() != null) {
      fail(List.of(slot), slot.failure());
    } else if (slot.reason() != null) {
      finish(slot, slot.reason());
    }
  }

  private void finish(Slot slot, FinishReason reason) {
    GenerationEvent.Finished event = slot.finished(reason);
    listener.finished(reason, event); // counted before its client can know
    queue.left(lane);
    try {
      slot.end(event);
    } catch (RuntimeException e) {
      listener.failed(0, e); // its reader's fault, and nobody else's
    }
    queue.ended();
  }

  private void fail(List<Slot> slots, Throwable cause) {
    List<Slot> unended = slots.stream().filter(slot -> !slot.ended()).toList();
    listener.failed(unended.size(), cause);
    unended.forEach(slot -> giveUp(slot, "the engine failed; the service has logged why"));
  }

  private void giveUp(Slot slot, String message) {
    queue.left(lane);
    slot.fail(message);
    queue.ended();
  }

  private void refuse(Waiting waiting, Refusal refusal) {
    waiting.stream().refuse(refusal);
    listener.refused(refusal);
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
    if (!batch.isEmpty()) {
      fail(batch.removeAll(), new IllegalStateException(batch.model().lost()));
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
    models.leave(batch.model(), lane);
  }

  /** Ends everything that runs in this lane. */
  @Override
  public void close() {
    if (warming != null) {
      giveUpWarming();
    }
    for (DecodeBatch batch : List.copyOf(batches)) {
      batch.removeAll().stream()
          .filter(slot -> !slot.ended())
          .forEach(slot -> giveUp(slot, "the service is shutting down"));
      leave(batch);
    }
  }
}
