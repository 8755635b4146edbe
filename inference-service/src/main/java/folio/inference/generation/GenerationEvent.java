package folio.inference.generation;

import java.util.List;

/** What a reader of a generation gets: text, and at the end how it ended. */
public sealed interface GenerationEvent {
  /**
   * Characters that came since the event before.
   *
   * @param text at least one character
   * @param logprobs one entry a generated character, or empty if none were asked for
   */
  record Text(String text, List<TokenLogprob> logprobs) implements GenerationEvent {}

  /**
   * The end of a generation that came to one.
   *
   * @param state where it stopped, or null if that was not asked for or there is no going on
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
   * The end of a generation that the engine had to give up.
   *
   * @param message for the client
   */
  record Failed(String message, String modelVersion) implements GenerationEvent {}
}
