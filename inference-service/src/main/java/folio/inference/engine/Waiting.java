package folio.inference.engine;

import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.KeptState;
import folio.inference.generation.Refusal;
import java.util.List;

/**
 * What waits in the queue: a request, or several that share a prompt and a model, which get their
 * slots together, so that one can read the prompt for all.
 *
 * @param choices at least one
 */
record Waiting(List<Choice> choices, long arrivedNanos) {
  /** A request and who waits for it. */
  record Choice(GenerationRequest request, GenerationStream stream) {}

  Waiting {
    choices = List.copyOf(choices);
  }

  /** A request alone. */
  Waiting(GenerationRequest request, GenerationStream stream, long arrivedNanos) {
    this(List.of(new Choice(request, stream)), arrivedNanos);
  }

  /** How many slots it needs. */
  int slots() {
    return choices.size();
  }

  /** Whether a chip can decode all of it. */
  boolean decodesOnChip() {
    return choices.stream().allMatch(choice -> Slot.decodesOnChip(choice.request()));
  }

  /** The version that must run it. */
  String model() {
    return choices.get(0).request().model();
  }

  /** SHA-256 of the weights that its state was computed with, or null if any will do. */
  String weights() {
    KeptState state = choices.get(0).request().state();
    return state == null ? null : state.weights();
  }

  /** Whether nobody waits any more. */
  boolean cancelled() {
    return choices.stream().allMatch(choice -> choice.stream().cancelled());
  }

  /** Tells everybody that it is not run. */
  void refuse(Refusal refusal) {
    choices.forEach(choice -> choice.stream().refuse(refusal));
  }

  /** Tells everybody that it cannot be run. */
  void abort(Throwable cause) {
    choices.forEach(choice -> choice.stream().abort(cause));
  }
}
