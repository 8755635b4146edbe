package folio.inference.api.generate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** One event of a stream, as it is written in SSE and NDJSON. Null fields are not written. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(
    name = "GenerateEvent",
    description =
        "One or more characters; the last event has a finish_reason, or an error if the engine"
            + " failed. Under text/event-stream `data: [DONE]` follows it.",
    example = "{\"index\": 0, \"text\": \"T\"}")
public record GenerateEvent(
    @Schema(description = "Always 0: a request has one generation.") int index,
    @Schema(description = "The characters since the event before.") String text,
    List<TokenLogprobView> logprobs,
    @Schema(description = "length, stop, cancelled or error; only in the last event.")
        @JsonProperty("finish_reason")
        String finishReason,
    @JsonProperty("model_version") String modelVersion,
    Long seed,
    GenerateAnswer.TokenUsage usage,
    GenerateAnswer.Metrics metrics,
    @Schema(
            description =
                "The state that the generation ended in; only in the last event, with keep_state.")
        String state,
    @Schema(description = "A description of the failure.") String error) {

  static GenerateEvent of(GenerationEvent event, SavedStateCodec codec) {
    if (event instanceof GenerationEvent.Text text) {
      return text(text);
    }
    if (event instanceof GenerationEvent.Finished end) {
      return finished(end, codec);
    }
    return failed((GenerationEvent.Failed) event);
  }

  private static GenerateEvent text(GenerationEvent.Text event) {
    List<TokenLogprobView> logprobs = TokenLogprobView.listOrNull(event.logprobs());
    return new GenerateEvent(0, event.text(), logprobs, null, null, null, null, null, null, null);
  }

  private static GenerateEvent finished(GenerationEvent.Finished end, SavedStateCodec codec) {
    return new GenerateEvent(
        0,
        "",
        null,
        end.reason().wireName(),
        end.modelVersion(),
        end.seed(),
        GenerateAnswer.TokenUsage.of(end.usage()),
        GenerateAnswer.Metrics.of(end.timings()),
        codec.write(end.state()),
        null);
  }

  private static GenerateEvent failed(GenerationEvent.Failed failure) {
    return new GenerateEvent(
        0,
        "",
        null,
        FinishReason.ERROR.wireName(),
        failure.modelVersion(),
        null,
        null,
        null,
        null,
        failure.message());
  }
}
