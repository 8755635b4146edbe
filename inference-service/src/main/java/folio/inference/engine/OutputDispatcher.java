package folio.inference.engine;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import java.util.ArrayList;
import java.util.List;

/**
 * Sends the tokens and ends of a worker's sequences to their streams. The listener counts an event
 * before the client can see it. Owned by a worker.
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

  /** Adds sequences that may have new tokens, for {@link #send}. */
  void add(List<Sequence> sequences) {
    unsent.addAll(sequences);
  }

  /** Sends the tokens of the sequences that were added. */
  void send() {
    for (Sequence sequence : unsent) {
      if (!sequence.output().ended()) {
        emit(sequence);
        endIfDone(sequence);
      }
    }
    unsent.clear();
  }

  /** Sends the first token of a sequence. */
  void sendFirst(Sequence sequence) {
    emit(sequence);
    endIfDone(sequence);
    endIfCancelledOrFailed(sequence);
  }

  private void emit(Sequence sequence) {
    boolean first = !sequence.output().started();
    sequence.emit();
    if (first && sequence.output().started() && sequence.written() > 0) {
      listener.firstToken(sequence.output().timeToFirstToken(), sequence.firstTokenStepped());
    }
  }

  /** Ends the stream of a sequence whose last token was sent, or cannot be. */
  private void endIfDone(Sequence sequence) {
    if (sequence.failure() != null) {
      fail(List.of(sequence), sequence.failure());
    } else if (sequence.reason() != null) {
      finish(sequence, sequence.reason());
    }
  }

  /**
   * Ends the stream of a sequence whose output is cancelled, or that failed. A sequence that ended
   * for another reason still has a token to send.
   */
  void endIfCancelledOrFailed(Sequence sequence) {
    if (sequence.output().ended() || !sequence.finished() || sequence.reason() != null) {
      return; // the client may disconnect between two calls of finished()
    }
    if (sequence.failure() != null) {
      fail(List.of(sequence), sequence.failure());
    } else {
      finish(sequence, sequence.output().cancelReason());
    }
  }

  private void finish(Sequence sequence, FinishReason reason) {
    GenerationEvent.Finished event = sequence.finishedEvent(reason);
    listener.finished(reason, event);
    queue.releaseSlot(worker, sequence.client());
    try {
      sequence.output().end(event);
    } catch (RuntimeException e) {
      listener.failed(0, e); // the reader of this stream failed; no other sequence is concerned
    }
    queue.sequenceEnded();
  }

  /** Ends sequences because the engine failed. */
  void fail(List<Sequence> sequences, Throwable cause) {
    List<Sequence> open =
        sequences.stream().filter(sequence -> !sequence.output().ended()).toList();
    listener.failed(open.size(), cause);
    abandon(open, "the engine failed; the log of the service has the cause");
  }

  /** Ends sequences with an error event; those that have ended stay as they are. */
  void abandon(List<Sequence> sequences, String message) {
    for (Sequence sequence : sequences) {
      if (!sequence.output().ended()) {
        queue.releaseSlot(worker, sequence.client());
        sequence.output().fail(message);
        queue.sequenceEnded();
      }
    }
  }
}
