package folio.inference.api.generate;

import folio.inference.generation.GenerationEvent;
import folio.inference.generation.GenerationEvent.Finished;
import folio.inference.generation.GenerationStream;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import java.time.Instant;
import java.util.List;

/**
 * The part of a trace that generations add to the span of their HTTP request: events for the queue,
 * the prefill, the decoding and the end. No event holds any text of the request or the answer.
 */
final class GenerationTrace {
  private static final AttributeKey<String> MODEL = AttributeKey.stringKey("folio.model");
  private static final AttributeKey<String> REASON = AttributeKey.stringKey("folio.finish_reason");
  private static final AttributeKey<Long> PROMPT = AttributeKey.longKey("folio.prompt_characters");
  private static final AttributeKey<Long> WRITTEN = AttributeKey.longKey("folio.characters");

  private GenerationTrace() {}

  /** Traces generations that have just been submitted, if the current span is recorded. */
  static void follow(List<GenerationStream> streams) {
    Span span = Span.current();
    if (span.isRecording()) {
      Instant arrival = Instant.now();
      streams.forEach(stream -> stream.onEnd(end -> addEvents(span, arrival, end)));
    }
  }

  /**
   * Adds the events of one generation. It runs on the worker's thread before the reader can see the
   * end, so the span has not ended yet.
   */
  private static void addEvents(Span span, Instant arrival, GenerationEvent event) {
    span.addEvent("queue", arrival);
    if (event instanceof Finished end) {
      span.addEvent(
          "prefill",
          Attributes.of(MODEL, end.modelVersion(), PROMPT, (long) end.usage().promptTokens()),
          arrival.plus(end.timings().queued()));
      span.addEvent(
          "decode",
          Attributes.of(WRITTEN, (long) end.usage().completionTokens()),
          arrival.plus(end.timings().firstToken()));
      span.addEvent(
          "end",
          Attributes.of(REASON, end.reason().wireName()),
          arrival.plus(end.timings().total()));
    } else {
      span.addEvent("failed", Instant.now());
    }
  }
}
