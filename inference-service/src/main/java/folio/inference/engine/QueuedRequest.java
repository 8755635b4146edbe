package folio.inference.engine;

import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.Rejection;
import folio.inference.generation.SavedState;
import java.util.List;

/**
 * What waits in the queue: a request, or several that share a prompt and a model, which get their
 * slots together, so that one can read the prompt for all.
 *
 * @param choices at least one
 */
record QueuedRequest(List<Choice> choices, long arrivedNanos) {
  /** A request and who waits for it. */
  record Choice(GenerationRequest request, GenerationStream stream) {}

  QueuedRequest {
    choices = List.copyOf(choices);
  }

  /** A request alone. */
  QueuedRequest(GenerationRequest request, GenerationStream stream, long arrivedNanos) {
    this(List.of(new Choice(request, stream)), arrivedNanos);
  }

  /** How many slots it needs. */
  int slots() {
    return choices.size();
  }

  /** Whether a chip can decode all of it. */
  boolean decodesFused() {
    return choices.stream().allMatch(choice -> Sequence.decodesFused(choice.request()));
  }

  /** The version that must run it. */
  String model() {
    return choices.get(0).request().model();
  }

  /** SHA-256 of the weights that its state was computed with, or null if any will do. */
  String weights() {
    return choices.get(0).request().resumeFrom().map(SavedState::weights).orElse(null);
  }

  /** Whether nobody waits any more. */
  boolean cancelled() {
    return choices.stream().allMatch(choice -> choice.stream().cancelled());
  }

  /** Tells everybody that it is not run. */
  void reject(Rejection rejection) {
    choices.forEach(choice -> choice.stream().reject(rejection));
  }

  /** Tells everybody that it cannot be run. */
  void abort(Throwable cause) {
    choices.forEach(choice -> choice.stream().abort(cause));
  }
}
