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
import java.util.ArrayList;
import java.util.List;

/** The stream of one sequence to its client: text, timings and the end. Owned by a worker. */
final class SequenceOutput {
  /**
   * When the request moved on, by {@link System#nanoTime}.
   *
   * @param arrivedNanos when it was submitted
   * @param admittedNanos when it got its slot
   */
  record Times(long arrivedNanos, long admittedNanos) {}

  /**
   * The model and the prompt of a text.
   *
   * @param modelVersion the version of the model
   * @param prompt the text that is continued
   */
  record Source(String modelVersion, String prompt) {}

  private final GenerationRequest request;
  private final GenerationStream stream;
  private final Source source;
  private final StopSequences stopSequences;
  private final boolean canStop;
  private final Times times;
  private long firstTokenNanos;
  private final StringBuilder unsentText = new StringBuilder();
  private final List<TokenLogprob> unsentLogprobs = new ArrayList<>();
  private boolean unsent;
  private int tokens;
  private int sentTokens;
  private boolean started;
  private boolean ended;

  /**
   * Creates an output that has sent nothing.
   *
   * @param stops the texts that end it
   */
  SequenceOutput(
      GenerationRequest request,
      GenerationStream stream,
      Source source,
      List<String> stops,
      Times times) {
    this.request = request;
    this.stream = stream;
    this.source = source;
    this.stopSequences = new StopSequences(stops);
    this.canStop = !stops.isEmpty();
    this.times = times;
  }

  /** Returns whether a stop sequence may end it. */
  boolean canStop() {
    return canStop;
  }

  /** Lets {@link #emit} start the stream of a request that asks for no token. */
  void addNothing() {
    unsent = true;
  }

  /**
   * Adds a token to what {@link #emit} sends next.
   *
   * @param logprobs of the token, or empty if the request asks for none
   * @return whether the token completes a stop sequence
   */
  boolean add(String character, List<TokenLogprob> logprobs) {
    unsentText.append(stopSequences.accept(character));
    unsentLogprobs.addAll(logprobs);
    unsent = true;
    tokens++;
    return stopSequences.stopped();
  }

  /** Sends log-probabilities of the prompt's characters. */
  void reportPromptScores(List<TokenLogprob> scores) {
    stream.append("", scores);
  }

  /** Sends what was added, once. */
  void emit() {
    if (!unsent) {
      return;
    }
    if (!started) {
      firstTokenNanos = System.nanoTime();
      if (request.echo()) {
        stream.append(source.prompt(), List.of());
      }
    }
    stream.append(unsentText.toString(), unsentLogprobs);
    unsentText.setLength(0);
    unsentLogprobs.clear();
    unsent = false;
    if (!started) {
      started = true;
      stream.start(new GenerationStream.Started(source.modelVersion(), request.seed()));
    }
    sentTokens = tokens;
  }

  /** Returns whether the stream has started. */
  boolean started() {
    return started;
  }

  /** Returns whether the stream has ended. */
  boolean ended() {
    return ended;
  }

  /** Returns whether the client has disconnected, or its text cannot be delivered. */
  boolean cancelled() {
    return stream.cancelled() || stream.abandoned();
  }

  /** Returns why the sequence of a {@link #cancelled} output ends. */
  FinishReason cancelReason() {
    return stream.abandoned() ? FinishReason.ERROR : FinishReason.CANCELLED;
  }

  /**
   * Creates the event for {@link #end}. A cancelled generation may have no first token.
   *
   * @param promptTokens how many characters of the prompt were read
   * @param saved the state that the sequence stops in, or null
   */
  GenerationEvent.Finished finishedEvent(FinishReason how, int promptTokens, SavedState saved) {
    Timings timings =
        new Timings(
            queueTime(),
            started ? timeToFirstToken() : Duration.ZERO,
            Duration.ofNanos(System.nanoTime() - times.arrivedNanos()));
    return new GenerationEvent.Finished(
        how,
        source.modelVersion(),
        request.seed(),
        new Usage(promptTokens, sentTokens),
        timings,
        saved);
  }

  /** Ends the stream. */
  void end(GenerationEvent.Finished event) {
    ended = true;
    stream.append(stopSequences.flush(), List.of());
    stream.end(event);
  }

  /** Ends the stream with an error event, or, before its first token, fails the request. */
  void fail(String message) {
    ended = true;
    if (!started) {
      stream.abort(new IllegalStateException(message));
    } else {
      stream.end(new GenerationEvent.Failed(message, source.modelVersion()));
    }
  }

  /** Returns the time from arrival to slot. */
  Duration queueTime() {
    return Duration.ofNanos(times.admittedNanos() - times.arrivedNanos());
  }

  /** Returns the time from arrival to first token. */
  Duration timeToFirstToken() {
    return Duration.ofNanos(firstTokenNanos - times.arrivedNanos());
  }
}
