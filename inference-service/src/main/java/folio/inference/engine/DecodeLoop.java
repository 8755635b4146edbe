package folio.inference.engine;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.Refusal;
import folio.inference.serving.ModelHandover;
import folio.inference.serving.ModelState;
import folio.inference.serving.ServedModel;
import folio.model.vocabulary.UnknownCharacterException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.stream.Stream;

/**
 * The turns of the engine: install model, admit, prefill, step, sample, emit, retire. Owned by one
 * thread.
 */
final class DecodeLoop implements AutoCloseable {
  /** Characters of prompts read between two steps, so that a long one does not stall the rest. */
  private static final int PREFILL_TOKENS = 512;

  /**
   * Sizes and times.
   *
   * @param slots most requests that run at once, on all models together
   * @param queueTimeout longest time in the queue
   */
  record Settings(int slots, Duration queueTimeout) {}

  private final Settings settings;
  private final AdmissionQueue queue;
  private final ModelHandover handover;
  private final EngineListener listener;
  private DecodeBatch current;
  private DecodeBatch retiring;
  private DecodeBatch candidate;
  private final Queue<Integer> coldSizes = new ArrayDeque<>();
  private long lastStepNanos;

  DecodeLoop(
      Settings settings, AdmissionQueue queue, ModelHandover handover, EngineListener listener) {
    this.settings = settings;
    this.queue = queue;
    this.handover = handover;
    this.listener = listener;
  }

  /** Takes one turn; returns whether there is more to do at once. */
  boolean turn() {
    installModel();
    dropQueued();
    admit();
    readPrompts();
    int stepped = step(retiring) + step(current);
    if (stepped > 0) {
      long now = System.nanoTime();
      if (lastStepNanos != 0) {
        listener.interToken(Duration.ofNanos(now - lastStepNanos));
      }
      lastStepNanos = now;
    } else {
      lastStepNanos = 0; // a pause is no gap inside a stream
    }
    closeRetired();
    queue.running(running());
    return running() > 0 || candidate != null || (queue.size() > 0 && current != null);
  }

  /** Requests that have a slot. */
  int running() {
    return (current == null ? 0 : current.size()) + (retiring == null ? 0 : retiring.size());
  }

  /** A new model is warmed one size a turn, so that running streams hardly notice. */
  private void installModel() {
    if (candidate == null) {
      ServedModel model = handover.poll();
      if (model == null) {
        return;
      }
      candidate = new DecodeBatch(model);
      for (int size = 1; size < settings.slots(); size *= 2) {
        coldSizes.add(size);
      }
      coldSizes.add(settings.slots());
    }
    Integer size = coldSizes.poll();
    if (size == null) {
      activate();
      return;
    }
    try {
      candidate.warm(size);
    } catch (RuntimeException | OutOfMemoryError e) {
      dropCandidate(e);
    }
  }

  private void dropCandidate(Throwable cause) {
    DecodeBatch dropped = candidate;
    candidate = null;
    coldSizes.clear();
    try {
      dropped.close();
    } finally {
      handover.failed(dropped.model(), "it cannot be warmed: " + cause);
      listener.failed(0, cause);
    }
  }

  private void activate() {
    if (current != null) {
      retiring = current;
      handover.moved(retiring.model(), ModelState.RETIRING);
    }
    current = candidate;
    candidate = null;
    handover.moved(current.model(), ModelState.CURRENT);
    listener.activated(current.model().version());
  }

  private void closeRetired() {
    if (retiring != null && retiring.isEmpty()) {
      ServedModel model = retiring.model();
      retiring.close();
      retiring = null;
      handover.closed(model);
      listener.closed(model.version());
    }
  }

  /** Requests that wait in vain: their clients are gone, or they waited too long. */
  private void dropQueued() {
    queue.removeIf(waiting -> waiting.stream().cancelled());
    long oldest = System.nanoTime() - settings.queueTimeout().toNanos();
    for (Waiting late : queue.removeIf(waiting -> waiting.arrivedNanos() - oldest < 0)) {
      refuse(late, new Refusal.WaitedTooLong(settings.queueTimeout(), Duration.ofSeconds(1)));
    }
  }

  private void admit() {
    while (current != null && running() < settings.slots() && unreadTokens() < PREFILL_TOKENS) {
      Waiting waiting = queue.poll();
      if (waiting == null) {
        return;
      }
      if (!waiting.stream().cancelled()) {
        admit(waiting);
      }
    }
  }

  private int unreadTokens() {
    return batches(retiring, current).stream().mapToInt(DecodeBatch::unreadTokens).sum();
  }

  private void admit(Waiting waiting) {
    DecodeBatch batch = batchFor(waiting.request().model());
    if (batch == null) {
      refuse(waiting, new Refusal.UnknownModel(waiting.request().model()));
      return;
    }
    String version = batch.model().version();
    try {
      int[] ids = batch.model().vocabulary().encode(waiting.request().prompt());
      Slot slot = new Slot(waiting, version, batch.model().vocabulary(), ids, System.nanoTime());
      batch.begin(slot, ids);
      listener.admitted(slot.queued(), slot.promptTokens());
    } catch (UnknownCharacterException e) {
      refuse(
          waiting,
          new Refusal.UnknownCharacter(
              "prompt: " + e.getMessage() + " of model " + version,
              Character.toString(e.codePoint()),
              e.position()));
    }
  }

  /** The retiring model comes first: it is to go soon. */
  private void readPrompts() {
    int budget = PREFILL_TOKENS;
    for (DecodeBatch batch : batches(retiring, current)) {
      while (budget > 0 && batch.unreadTokens() > 0) {
        int unread = batch.unreadTokens();
        readPrompt(batch, budget);
        budget -= unread - batch.unreadTokens();
      }
    }
  }

  private void readPrompt(DecodeBatch batch, int most) {
    try {
      DecodeBatch.Advanced advanced = batch.readPrompt(most);
      if (advanced != null) {
        listener.firstToken(advanced.slot().firstToken());
        if (advanced.reason() != null) {
          finish(advanced.slot(), advanced.reason());
        }
      }
    } catch (RuntimeException | OutOfMemoryError e) {
      fail(List.of(batch.dropOldestPrompt()), e);
    }
  }

  private static List<DecodeBatch> batches(DecodeBatch... some) {
    return Stream.of(some).filter(Objects::nonNull).toList();
  }

  /**
   * The batch of a version; a retiring one takes no more while a newer model waits for its room.
   */
  private DecodeBatch batchFor(String version) {
    if (version.equals(GenerationRequest.CURRENT) || version.equals(current.model().version())) {
      return current;
    }
    boolean open = retiring != null && !handover.roomAwaited();
    return open && version.equals(retiring.model().version()) ? retiring : null;
  }

  private int step(DecodeBatch batch) {
    if (batch == null) {
      return 0;
    }
    batch.removeCancelled().forEach(slot -> finish(slot, FinishReason.CANCELLED));
    int slots = batch.running();
    if (slots == 0) {
      return 0;
    }
    long begin = System.nanoTime();
    try {
      List<DecodeBatch.Advanced> ended = batch.step();
      listener.stepped(slots, Duration.ofNanos(System.nanoTime() - begin));
      ended.forEach(each -> finish(each.slot(), each.reason()));
    } catch (RuntimeException | OutOfMemoryError e) {
      fail(batch.removeRunning(), e);
    }
    return slots;
  }

  private void finish(Slot slot, FinishReason reason) {
    listener.finished(reason, slot.finish(reason));
  }

  private void fail(List<Slot> slots, Throwable cause) {
    slots.forEach(slot -> slot.fail("the engine failed; the service has logged why"));
    listener.failed(slots.size(), cause);
  }

  private void refuse(Waiting waiting, Refusal refusal) {
    waiting.stream().refuse(refusal);
    listener.refused(refusal);
  }

  /** Ends everything that runs or waits, and frees the models. */
  @Override
  public void close() {
    queue.removeIf(waiting -> true).forEach(each -> refuse(each, new Refusal.Draining()));
    for (DecodeBatch batch : batches(retiring, current, candidate)) {
      batch.removeRunning().forEach(DecodeLoop::end);
      while (batch.unreadTokens() > 0) {
        end(batch.dropOldestPrompt());
      }
      batch.close();
      handover.closed(batch.model());
    }
    ServedModel waiting = handover.poll();
    if (waiting != null) {
      handover.closed(waiting);
      waiting.close();
    }
    retiring = null;
    current = null;
    candidate = null;
  }

  private static void end(Slot slot) {
    slot.fail("the service is shutting down");
  }
}
