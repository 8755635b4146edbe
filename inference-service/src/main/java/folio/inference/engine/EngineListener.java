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

  /** A request was rejected. */
  default void rejected(Rejection rejection) {}

  /**
   * A request got its slots.
   *
   * @param queued how long it waited
   */
  default void admitted(Duration queued, int promptTokens) {}

  /**
   * A request has its first token.
   *
   * @param stepped whether a step wrote it, which {@link #stepped} counts; else a prefill pass did
   */
  default void firstToken(Duration sinceArrival, boolean stepped) {}

  /**
   * The running sequences that a worker has of a model got more tokens: one each from libtorch, one
   * for each step of a launch from the persistent kernel.
   *
   * @param tokens of all sequences together
   */
  default void stepped(int sequences, int tokens, Duration step) {}

  /**
   * The time between two tokens; the same for every sequence that a worker's iteration continued.
   */
  default void interToken(Duration gap) {}

  /** A generation ended by itself or because its client disconnected. */
  default void finished(FinishReason reason, GenerationEvent.Finished event) {}

  /** The engine failed and ended that many generations with an error. */
  default void failed(int generations, Throwable cause) {}

  @Override
  default void closeFailed(String version, RuntimeException cause) {
    failed(0, cause);
  }
}
