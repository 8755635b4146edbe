package folio.inference.engine;

import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.Rejection;
import folio.inference.generation.SavedState;
import folio.model.vocabulary.UnknownCharacters;
import java.util.List;

/**
 * A request that waits for a slot, or several that share a prompt and a model: they get their slots
 * at the same time, so that one prefill pass reads the prompt for all.
 *
 * @param choices at least one
 * @param arrivedNanos when it was submitted, by {@link System#nanoTime}
 * @param client the name of the client that sent it
 */
record QueuedRequest(List<Choice> choices, long arrivedNanos, String client) {
  /** A request and the stream that its client reads. */
  record Choice(GenerationRequest request, GenerationStream stream) {}

  QueuedRequest {
    choices = List.copyOf(choices);
  }

  private GenerationRequest first() {
    return choices.get(0).request();
  }

  /** Returns how many slots it needs. */
  int slots() {
    return choices.size();
  }

  String prompt() {
    return first().prompt();
  }

  UnknownCharacters unknown() {
    return first().unknown();
  }

  /** Returns whether it continues a saved state, so that it may have no prompt. */
  boolean resumes() {
    return resumedState() != null;
  }

  /** Returns the saved state that it continues, or null. */
  SavedState resumedState() {
    return first().resumeFrom().orElse(null);
  }

  /** Returns whether any model that is current may run it. */
  boolean wantsCurrent() {
    return model().equals(GenerationRequest.CURRENT);
  }

  /** Returns the version that must run it, or {@link GenerationRequest#CURRENT}. */
  String model() {
    return first().model();
  }

  /**
   * Returns the SHA-256 of the weights that the state to resume was computed with, or null if the
   * request resumes nothing.
   */
  String weightsDigest() {
    return first().resumeFrom().map(SavedState::weights).orElse(null);
  }

  /** Returns whether every client has disconnected. */
  boolean cancelled() {
    return choices.stream().allMatch(choice -> choice.stream().cancelled());
  }

  /**
   * Ends the streams if every client has disconnected. Then nothing reads them, but their traces
   * end.
   *
   * @return whether every client has disconnected
   */
  boolean endIfCancelled() {
    if (!cancelled()) {
      return false;
    }
    GenerationEvent end = new GenerationEvent.Failed("the client disconnected in the queue", "");
    choices.forEach(choice -> choice.stream().end(end));
    return true;
  }

  /** Rejects every request of it. */
  void reject(Rejection rejection) {
    choices.forEach(choice -> choice.stream().reject(rejection));
  }

  /** Fails every request of it. */
  void abort(Throwable cause) {
    choices.forEach(choice -> choice.stream().abort(cause));
  }
}
