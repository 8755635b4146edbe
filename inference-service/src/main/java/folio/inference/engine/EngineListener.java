package folio.inference.engine;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.Rejection;
import java.time.Duration;

/** Hears what the engine does, on the threads of its lanes and those that submit: be quick. */
public interface EngineListener {
  /** A listener that does nothing. */
  EngineListener NONE = new EngineListener() {};

  /** A request was not run. */
  default void rejected(Rejection rejection) {}

  /** A request got a slot. */
  default void admitted(Duration queued, int promptTokens) {}

  /**
   * A request's first character is there.
   *
   * @param stepped whether a step made it, which {@link #stepped} counts with the others
   */
  default void firstToken(Duration sinceArrival, boolean stepped) {}

  /**
   * The running slots that a lane has of a model got more characters: one each, on a chip a chunk.
   *
   * @param characters of all slots together
   */
  default void stepped(int slots, int characters, Duration step) {}

  /** The time between two characters, the same for every slot that ran on in a lane's turn. */
  default void interToken(Duration gap) {}

  /** A generation ended by itself or because its client went away. */
  default void finished(FinishReason reason, GenerationEvent.Finished event) {}

  /** The engine had to give up generations. */
  default void failed(int generations, Throwable cause) {}

  /** New requests go to this version from now on. */
  default void activated(String version) {}

  /** This version is no longer resident. */
  default void closed(String version) {}
}
