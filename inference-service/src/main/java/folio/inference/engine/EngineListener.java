package folio.inference.engine;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.Rejection;
import folio.inference.models.ModelListener;
import java.time.Duration;

/**
 * Receives the engine's events, on the threads of its workers and of those that submit requests:
 * implementations must be quick.
 */
public interface EngineListener extends ModelListener {
  /** A listener that does nothing. */
  EngineListener NONE = new EngineListener() {};

  /** Receives the rejection of a request. */
  default void rejected(Rejection rejection) {}

  /**
   * Receives the admission of a request.
   *
   * @param queued how long it waited
   */
  default void admitted(Duration queued, int promptTokens) {}

  /**
   * Receives the first token of a request.
   *
   * @param stepped true if a decode step produced the token; {@link #stepped} then counts it as
   *     well
   */
  default void firstToken(Duration sinceArrival, boolean stepped) {}

  /**
   * Receives a completed pass of one worker and model. A libtorch pass adds one token to each
   * sequence; a launch of the persistent kernel adds up to one per step.
   *
   * @param tokens of all sequences together
   */
  default void stepped(int sequences, int tokens, Duration step) {}

  /**
   * Receives the time between two tokens, which is the same for every sequence of a worker's
   * iteration.
   */
  default void interToken(Duration gap) {}

  /** Receives the end of a generation that completed or whose client disconnected. */
  default void finished(FinishReason reason, GenerationEvent.Finished event) {}

  /** Receives an error of the engine and the number of generations that it ended. */
  default void failed(int generations, Throwable cause) {}

  @Override
  default void closeFailed(String version, RuntimeException cause) {
    failed(0, cause);
  }
}
