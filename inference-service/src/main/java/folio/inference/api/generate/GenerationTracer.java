package folio.inference.api.generate;

import folio.inference.generation.GenerationRequest;
import folio.inference.generation.GenerationStream;
import folio.inference.generation.RequestGroup;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointReader;
import folio.model.sampling.SamplingParameters;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.Tracer;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;

/**
 * The tracer of generations. It starts a span for each choice of a request, below the span of the
 * HTTP request, if that span is recorded. Otherwise it does nothing.
 */
@Singleton
final class GenerationTracer {
  private static final String OPERATION = "text_completion";
  private static final String PROVIDER = "folio";

  private final Tracer tracer;

  /** Creates a tracer whose spans another tracer records. */
  GenerationTracer(Tracer tracer) {
    this.tracer = tracer;
  }

  /**
   * Traces generations that have just been submitted.
   *
   * @param streams one stream per request, in the order of the groups
   */
  void follow(List<RequestGroup> groups, List<GenerationStream> streams, ResponseFacts response) {
    Span http = Span.current();
    if (!http.isRecording()) {
      return;
    }
    Instant arrival = Instant.now();
    Iterator<GenerationStream> each = streams.iterator();
    for (RequestGroup group : groups) {
      for (GenerationRequest request : group.requests()) {
        SpanBuilder choice = span(request, response).setStartTimestamp(arrival);
        if (group.requests().size() > 1) {
          choice.setAttribute(GenAiAttributes.CHOICES, (long) group.requests().size());
        }
        new GenerationTrace(http, choice.startSpan(), arrival, response.streams())
            .follow(each.next());
      }
    }
  }

  /** Returns the span of a request, a child of the current span. */
  private SpanBuilder span(GenerationRequest request, ResponseFacts response) {
    SamplingParameters sampling = request.sampling();
    // The model may be any text of the client, which the engine has not looked up yet.
    String model = request.model();
    boolean namesModel =
        model.equals(GenerationRequest.CURRENT)
            || model.equals(Checkpoint.EMBEDDED)
            || CheckpointReader.isVersion(model);
    SpanBuilder span =
        tracer
            .spanBuilder(namesModel ? OPERATION + " " + model : OPERATION)
            .setAttribute(GenAiAttributes.OPERATION, OPERATION)
            .setAttribute(GenAiAttributes.PROVIDER, PROVIDER)
            .setAttribute(GenAiAttributes.MAX_TOKENS, (long) request.maxTokens())
            .setAttribute(GenAiAttributes.TEMPERATURE, sampling.temperature())
            .setAttribute(GenAiAttributes.TOP_P, sampling.topP())
            .setAttribute(GenAiAttributes.SEED, request.seed())
            .setAttribute(GenAiAttributes.RESPONSE_ID, response.id());
    if (namesModel) {
      span.setAttribute(GenAiAttributes.REQUEST_MODEL, model);
    }
    if (sampling.topK() > 0) {
      span.setAttribute(GenAiAttributes.TOP_K, (long) sampling.topK());
    }
    if (response.streams()) {
      span.setAttribute(GenAiAttributes.STREAMS, true);
    }
    return span;
  }
}
