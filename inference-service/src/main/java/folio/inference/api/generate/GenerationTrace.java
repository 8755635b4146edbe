package folio.inference.api.generate;

import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationEvent.Failed;
import folio.inference.generation.GenerationEvent.Finished;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.RejectedException;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The trace of one generation: events for the queue, the prefill, the decoding and the end, on the
 * span of its HTTP request and on a span of its own. The HTTP span of a client that disconnects
 * ends before the worker ends the generation, so only the own span always has the events. No span
 * holds any text of the request or the answer. Safe for any thread.
 */
final class GenerationTrace {
  /** The {@code error.type} of a generation that the engine failed, as in problem documents. */
  private static final String INTERNAL = "internal";

  private static final AttributeKey<String> MODEL = AttributeKey.stringKey("folio.model");
  private static final AttributeKey<String> REASON = AttributeKey.stringKey("folio.finish_reason");
  private static final AttributeKey<Long> PROMPT = AttributeKey.longKey("folio.prompt_characters");
  private static final AttributeKey<Long> WRITTEN = AttributeKey.longKey("folio.characters");

  private final Span http;
  private final Span choice;
  private final Instant arrival;
  private final boolean streams;
  private final AtomicBoolean ended = new AtomicBoolean();

  /**
   * Creates the trace of a generation that has just been submitted.
   *
   * @param http the span of its HTTP request
   * @param choice its own span, which the trace ends
   * @param arrival when it was submitted
   * @param streams whether the client reads the text while it is generated
   */
  GenerationTrace(Span http, Span choice, Instant arrival, boolean streams) {
    this.http = http;
    this.choice = choice;
    this.arrival = arrival;
    this.streams = streams;
  }

  /** Records the end of a generation, whether the engine runs it or not. */
  @SuppressWarnings("FutureReturnValueIgnored") // the listener throws nothing
  void follow(GenerationStream stream) {
    stream.onEnd(event -> end(event, stream.cancelled()));
    stream
        .started()
        .whenComplete(
            (started, failure) -> {
              if (failure != null) {
                // The client may have its answer, and be gone, before this listener runs.
                endUnstarted(failure);
              }
            });
  }

  /**
   * Ends the trace of a generation that got a slot, or whose client disconnected. It runs on the
   * worker's thread before the reader can see the end, so the span of a request whose client waits
   * has not ended yet.
   */
  private void end(GenerationEvent event, boolean cancelled) {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    if (event instanceof Finished end) {
      addEvents(http, end);
      addEvents(choice, end);
      setResponse(end);
      choice.end(arrival.plus(end.timings().total()));
    } else {
      http.addEvent("queue", arrival);
      http.addEvent("failed", Instant.now());
      endEarly(cancelled, INTERNAL, event instanceof Failed failed ? failed.modelVersion() : "");
    }
  }

  /**
   * Ends the trace of a generation that was rejected, or that failed before its first character.
   */
  private void endUnstarted(Throwable failure) {
    if (ended.compareAndSet(false, true)) {
      String error = failure instanceof RejectedException e ? e.rejection().reason() : INTERNAL;
      endEarly(false, error, "");
    }
  }

  private void addEvents(Span span, Finished end) {
    span.addEvent("queue", arrival);
    span.addEvent(
        "prefill",
        Attributes.of(MODEL, end.modelVersion(), PROMPT, (long) end.usage().promptTokens()),
        arrival.plus(end.timings().queued()));
    if (wroteText(end)) {
      span.addEvent(
          "decode",
          Attributes.of(WRITTEN, (long) end.usage().completionTokens()),
          arrival.plus(end.timings().firstToken()));
    }
    span.addEvent(
        "end", Attributes.of(REASON, end.reason().wireName()), arrival.plus(end.timings().total()));
  }

  /** Returns whether the decoding began; a client may disconnect during the prefill. */
  private static boolean wroteText(Finished end) {
    return !end.timings().firstToken().isZero();
  }

  private void setResponse(Finished end) {
    choice.setAttribute(GenAiAttributes.RESPONSE_MODEL, end.modelVersion());
    setFinishReason(end.reason());
    choice.setAttribute(GenAiAttributes.INPUT_TOKENS, (long) end.usage().promptTokens());
    choice.setAttribute(GenAiAttributes.OUTPUT_TOKENS, (long) end.usage().completionTokens());
    if (streams && wroteText(end)) {
      choice.setAttribute(GenAiAttributes.TIME_TO_FIRST_CHUNK, seconds(end.timings().firstToken()));
    }
    if (end.reason() == FinishReason.ERROR) {
      setError(FinishReason.UNDELIVERABLE);
    }
  }

  /** Ends the span of a generation that has no {@link Finished} event. */
  private void endEarly(boolean cancelled, String error, String modelVersion) {
    Instant now = Instant.now();
    FinishReason reason = cancelled ? FinishReason.CANCELLED : FinishReason.ERROR;
    choice.addEvent("queue", arrival);
    choice.addEvent("end", Attributes.of(REASON, reason.wireName()), now);
    setFinishReason(reason);
    if (!modelVersion.isEmpty()) {
      choice.setAttribute(GenAiAttributes.RESPONSE_MODEL, modelVersion);
    }
    if (!cancelled) {
      setError(error);
    }
    choice.end(now);
  }

  private void setFinishReason(FinishReason reason) {
    choice.setAttribute(GenAiAttributes.FINISH_REASONS, List.of(reason.wireName()));
  }

  private void setError(String type) {
    choice.setAttribute(GenAiAttributes.ERROR_TYPE, type);
    choice.setStatus(StatusCode.ERROR);
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }
}
