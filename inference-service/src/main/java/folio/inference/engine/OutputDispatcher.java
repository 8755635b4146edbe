package folio.inference.engine;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells the clients of a lane's slots what their generations come to: characters, and how they end.
 * What is told is counted before its client can know. Owned by the lane's thread.
 */
final class OutputDispatcher {
  private final int worker;
  private final AdmissionQueue queue;
  private final EngineListener listener;
  private final List<Sequence> unsent = new ArrayList<>();

  OutputDispatcher(int worker, AdmissionQueue queue, EngineListener listener) {
    this.worker = worker;
    this.queue = queue;
    this.listener = listener;
  }

  /** These slots may have more characters, to be sent by {@link #send}. */
  void add(List<Sequence> slots) {
    unsent.addAll(slots);
  }

  /** Sends what was added. */
  void send() {
    for (Sequence slot : unsent) {
      if (!slot.reply().ended()) {
        emit(slot);
        settle(slot);
      }
    }
    unsent.clear();
  }

  /** Sends a slot's first character. */
  void sendFirst(Sequence slot) {
    emit(slot);
    settle(slot);
    endIfGivenUp(slot);
  }

  private void emit(Sequence slot) {
    boolean first = !slot.reply().begun();
    slot.emit();
    if (first && slot.reply().begun() && slot.wrote()) {
      listener.firstToken(slot.reply().firstToken(), slot.steppedFirst());
    }
  }

  /** Tells how a generation ended if its last character is sent, or cannot be. */
  private void settle(Sequence slot) {
    if (slot.failure() != null) {
      fail(List.of(slot), slot.failure());
    } else if (slot.reason() != null) {
      finish(slot, slot.reason());
    }
  }

  /**
   * Ends a slot whose client went away, or that failed; one that ended otherwise has a character to
   * be sent.
   */
  void endIfGivenUp(Sequence slot) {
    if (slot.reply().ended() || !slot.over() || slot.reason() != null) {
      return; // its client may leave between two looks at it
    }
    if (slot.failure() != null) {
      fail(List.of(slot), slot.failure());
    } else {
      finish(slot, FinishReason.CANCELLED);
    }
  }

  private void finish(Sequence slot, FinishReason reason) {
    GenerationEvent.Finished event = slot.finished(reason);
    listener.finished(reason, event);
    queue.left(worker);
    try {
      slot.reply().end(event);
    } catch (RuntimeException e) {
      listener.failed(0, e); // its reader's fault, and nobody else's
    }
    queue.ended();
  }

  /** Gives slots up because the engine failed. */
  void fail(List<Sequence> slots, Throwable cause) {
    List<Sequence> unended = slots.stream().filter(slot -> !slot.reply().ended()).toList();
    listener.failed(unended.size(), cause);
    giveUp(unended, "the engine failed; the service has logged why");
  }

  /** Gives slots up; those that have ended stay as they are. */
  void giveUp(List<Sequence> slots, String message) {
    for (Sequence slot : slots) {
      if (!slot.reply().ended()) {
        queue.left(worker);
        slot.reply().fail(message);
        queue.ended();
      }
    }
  }
}
