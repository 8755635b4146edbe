package folio.inference.engine;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.SavedState;
import folio.inference.generation.Timings;
import folio.inference.generation.TokenLogprob;
import folio.inference.generation.Usage;
import java.time.Duration;
import java.util.List;

/** What a slot's client is told, and when: its stream from the first character to the end. */
final class SequenceOutput {
  private final GenerationRequest request;
  private final GenerationStream stream;
  private final String modelVersion;
  private final StopSequences stopText;
  private final long arrivedNanos;
  private final long admittedNanos;
  private long firstTokenNanos;
  private String unsentText;
  private List<TokenLogprob> unsentLogprobs = List.of();
  private int characters;
  private int emitted;
  private boolean begun;
  private boolean ended;

  /**
   * Nothing is told yet.
   *
   * @param arrivedNanos when the request came
   * @param admittedNanos when it got its slot
   */
  SequenceOutput(
      QueuedRequest.Choice choice, String modelVersion, long arrivedNanos, long admittedNanos) {
    this.request = choice.request();
    this.stream = choice.stream();
    this.modelVersion = modelVersion;
    this.stopText = new StopSequences(request.stop());
    this.arrivedNanos = arrivedNanos;
    this.admittedNanos = admittedNanos;
  }

  /** There is nothing to write: what {@link #emit} tells is that. */
  void addNothing() {
    unsentText = "";
  }

  /**
   * Adds a character to what waits to be told.
   *
   * @param logprobs of it, if they are asked for
   * @return whether it completes a text that ends the generation
   */
  boolean add(String character, List<TokenLogprob> logprobs) {
    String text = stopText.accept(character);
    unsentText = unsentText == null ? text : unsentText + text;
    unsentLogprobs = logprobs;
    characters++;
    return stopText.stopped();
  }

  /** Tells how likely characters of the prompt are. */
  void score(List<TokenLogprob> scores) {
    stream.append("", scores);
  }

  /** Tells what was added, once. */
  void emit() {
    if (unsentText == null) {
      return;
    }
    if (!begun) {
      firstTokenNanos = System.nanoTime();
      if (request.echo()) {
        stream.append(request.prompt(), List.of());
      }
    }
    stream.append(unsentText, unsentLogprobs);
    unsentText = null;
    if (!begun) {
      begun = true;
      stream.start(new GenerationStream.Started(modelVersion, request.seed()));
    }
    emitted = characters;
  }

  /** Whether its stream has begun. */
  boolean begun() {
    return begun;
  }

  /** Whether its stream was told how it ended. */
  boolean ended() {
    return ended;
  }

  /** Whether the client has gone away. */
  boolean cancelled() {
    return stream.cancelled();
  }

  /**
   * What {@link #end} is to tell. A cancelled generation may have no first character.
   *
   * @param promptTokens read
   * @param kept where it stopped, or null
   */
  GenerationEvent.Finished finished(FinishReason how, int promptTokens, SavedState kept) {
    Timings timings =
        new Timings(
            queued(),
            begun ? firstToken() : Duration.ZERO,
            Duration.ofNanos(System.nanoTime() - arrivedNanos));
    return new GenerationEvent.Finished(
        how, modelVersion, request.seed(), new Usage(promptTokens, emitted), timings, kept);
  }

  /** Ends the stream. */
  void end(GenerationEvent.Finished event) {
    ended = true;
    stream.append(stopText.flush(), List.of());
    stream.end(event);
  }

  /** Gives the generation up: with an error event, or before the first character as a whole. */
  void fail(String message) {
    ended = true;
    if (!begun) {
      stream.abort(new IllegalStateException(message));
    } else {
      stream.end(new GenerationEvent.Failed(message, modelVersion));
    }
  }

  /** From its arrival to its slot. */
  Duration queued() {
    return Duration.ofNanos(admittedNanos - arrivedNanos);
  }

  /** From its arrival to its first character. */
  Duration firstToken() {
    return Duration.ofNanos(firstTokenNanos - arrivedNanos);
  }
}
