package folio.inference.generation;

import java.util.List;

/** An event of a generation: text, or the end. */
public sealed interface GenerationEvent {
  /**
   * The characters since the event before.
   *
   * @param text at least one character, or empty if the event carries only log-probabilities
   * @param logprobs one entry per character that was scored; empty if the request asks for none
   */
  record Text(String text, List<TokenLogprob> logprobs) implements GenerationEvent {}

  /**
   * The end of a generation that did not fail.
   *
   * @param state the state to resume from, or null if the request does not ask for it or the
   *     generation cannot be resumed
   */
  record Finished(
      FinishReason reason,
      String modelVersion,
      long seed,
      Usage usage,
      Timings timings,
      SavedState state)
      implements GenerationEvent {}

  /**
   * The end of a generation that the engine aborted.
   *
   * @param message a description for the client
   */
  record Failed(String message, String modelVersion) implements GenerationEvent {}
}
