package folio.inference.engine;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.Refusal;
import folio.inference.serving.ModelHandover;
import folio.model.vocabulary.UnknownCharacterException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

/**
 * The turns of the engine: install model, admit, read prompts and step, sample, emit, retire. Owned
 * by one thread.
 */
final class DecodeLoop implements AutoCloseable {
  /** Slots whose characters one worker sends, on a GPU. */
  private static final int SLOTS_TO_SEND = 128;

  /**
   * Sizes and times.
   *
   * @param slots most requests that run at once, on all models together
   * @param threads that share a turn's work
   * @param queueTimeout longest time in the queue
   */
  record Settings(int slots, int threads, Duration queueTimeout) {}

  private final Settings settings;
  private final AdmissionQueue queue;
  private final EngineListener listener;
  private final Workers workers;
  private final ModelRotation models;
  private final List<Slot> unsent = new ArrayList<>();
  private final Queue<Slot> unsettled = new ConcurrentLinkedQueue<>();
  private long lastStepNanos;

  DecodeLoop(
      Settings settings, AdmissionQueue queue, ModelHandover handover, EngineListener listener) {
    this.settings = settings;
    this.queue = queue;
    this.listener = listener;
    this.workers = new Workers(settings.threads());
    this.models = new ModelRotation(settings.slots(), workers, handover, listener);
  }

  /** Takes one turn; returns whether there is more to do at once. */
  boolean turn() {
    models.install();
    dropQueued();
    admit();
    int stepped = 0;
    for (DecodeBatch batch : models.batches()) {
      sweep(batch);
      if (!batch.isEmpty()) {
        stepped += advance(batch);
      }
    }
    tellGap(stepped);
    models.closeRetired();
    queue.running(running());
    return running() > 0 || models.warming() || (queue.size() > 0 && models.serves());
  }

  /** Requests that have a slot. */
  int running() {
    return models.batches().stream().mapToInt(DecodeBatch::size).sum();
  }

  private void tellGap(int stepped) {
    long now = System.nanoTime();
    if (stepped > 0 && lastStepNanos != 0) {
      listener.interToken(Duration.ofNanos(now - lastStepNanos));
    }
    lastStepNanos = stepped > 0 ? now : 0; // a pause is no gap inside a stream
  }

  /** Requests that wait in vain: their clients are gone, or they waited too long. */
  private void dropQueued() {
    queue.removeIf(waiting -> waiting.stream().cancelled());
    long oldest = System.nanoTime() - settings.queueTimeout().toNanos();
    for (Waiting late : queue.removeIf(waiting -> waiting.arrivedNanos() - oldest < 0)) {
      refuse(late, new Refusal.WaitedTooLong(settings.queueTimeout(), queue.retryAfter()));
    }
  }

  private void admit() {
    while (models.serves() && running() < settings.slots()) {
      Waiting waiting = queue.poll();
      if (waiting == null) {
        return;
      }
      if (!waiting.stream().cancelled()) {
        admit(waiting);
      }
    }
  }

  private void admit(Waiting waiting) {
    DecodeBatch batch = models.batchFor(waiting.request().model());
    if (batch == null) {
      refuse(waiting, new Refusal.UnknownModel(waiting.request().model()));
      return;
    }
    try {
      Slot slot = new Slot(waiting, batch.model(), System.nanoTime());
      batch.begin(slot);
      listener.admitted(slot.queued(), slot.promptTokens());
    } catch (UnknownCharacterException e) {
      refuse(
          waiting,
          new Refusal.UnknownCharacter(
              "prompt: " + e.getMessage() + " of model " + batch.model().version(),
              Character.toString(e.codePoint()),
              e.position()));
    }
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
      batch.advance(batch.asynchronous() ? sending() : List.of());
      settleSent();
      unsent.addAll(batch.runningSlots());
      sweep(batch);
      ready = batch.startReady();
    } catch (RuntimeException | OutOfMemoryError e) {
      lose(batch, e);
      return stepping;
    }
    if (stepping > 0) {
      listener.stepped(stepping, Duration.ofNanos(System.nanoTime() - begin));
    }
    for (Slot slot : ready) {
      emit(slot);
      if (slot.failure() == null) {
        listener.firstToken(slot.firstToken());
      }
      finishIfCancelled(slot);
    }
    if (!batch.asynchronous() || batch.running() == 0) {
      send();
    }
    return stepping;
  }

  private void send() {
    unsent.forEach(this::emit);
    settleSent();
  }

  /** {@link #send} for workers: all but what follows for streams that end. */
  private List<Runnable> sending() {
    List<Slot> slots = List.copyOf(unsent);
    return IntStream.iterate(0, from -> from < slots.size(), from -> from + SLOTS_TO_SEND)
        .mapToObj(from -> slots.subList(from, Math.min(slots.size(), from + SLOTS_TO_SEND)))
        .<Runnable>map(part -> () -> part.forEach(this::emit))
        .toList();
  }

  private void emit(Slot slot) {
    if (!slot.ended() && slot.failure() == null) {
      slot.emit();
    }
    if (slot.reason() != null || slot.failure() != null) {
      unsettled.add(slot);
    }
  }

  /** Tells how generations ended whose last character is sent, or cannot be. */
  private void settleSent() {
    unsent.clear();
    for (Slot slot = unsettled.poll(); slot != null; slot = unsettled.poll()) {
      if (slot.ended()) {
        continue;
      }
      if (slot.failure() != null) {
        fail(List.of(slot), slot.failure());
      } else {
        finish(slot, slot.reason());
      }
    }
  }

  private void finish(Slot slot, FinishReason reason) {
    GenerationEvent.Finished event = slot.finished(reason);
    listener.finished(reason, event); // counted before its client can know
    queue.left();
    try {
      slot.end(event);
    } catch (RuntimeException e) {
      listener.failed(0, e); // its reader's fault, and nobody else's
    }
  }

  private void lose(DecodeBatch batch, Throwable cause) {
    send();
    fail(unended(batch.removeAll()), cause);
    models.lose(batch, cause);
  }

  private void fail(List<Slot> slots, Throwable cause) {
    listener.failed(slots.size(), cause);
    slots.forEach(slot -> slot.fail("the engine failed; the service has logged why"));
    slots.forEach(slot -> queue.left());
  }

  /** A pass that failed between two groups may leave a slot in both. */
  private static List<Slot> unended(List<Slot> slots) {
    return slots.stream().distinct().filter(slot -> !slot.ended()).toList();
  }

  private void refuse(Waiting waiting, Refusal refusal) {
    waiting.stream().refuse(refusal);
    listener.refused(refusal);
  }

  /** Ends everything that runs or waits, and frees the models. */
  @Override
  public void close() {
    queue.removeIf(waiting -> true).forEach(each -> refuse(each, new Refusal.Draining()));
    for (DecodeBatch batch : models.batches()) {
      unended(batch.removeAll()).forEach(slot -> slot.fail("the service is shutting down"));
    }
    models.close();
    workers.close();
  }
}
