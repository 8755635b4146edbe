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
 * Tells the span of an HTTP request when its generations were queued, read their prompts and wrote:
 * an event each, and how those that ran ended. Never what they say.
 */
final class GenerationTrace {
  private static final AttributeKey<String> MODEL = AttributeKey.stringKey("folio.model");
  private static final AttributeKey<String> REASON = AttributeKey.stringKey("folio.finish_reason");
  private static final AttributeKey<Long> PROMPT = AttributeKey.longKey("folio.prompt_characters");
  private static final AttributeKey<Long> WRITTEN = AttributeKey.longKey("folio.characters");

  private GenerationTrace() {}

  /** Follows generations that have just been submitted; nothing happens unless they are traced. */
  static void follow(List<GenerationStream> streams) {
    Span span = Span.current();
    if (span.isRecording()) {
      Instant arrival = Instant.now();
      streams.forEach(stream -> stream.onEnd(end -> tell(span, arrival, end)));
    }
  }

  /** On the lane's thread, before the reader can get to the end: the span is not over yet. */
  private static void tell(Span span, Instant arrival, GenerationEvent event) {
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
