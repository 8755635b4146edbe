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
        "A part of the text, of one or more characters. Only the last event has a finish_reason. In"
            + " text/event-stream, `data: [DONE]` follows it.",
    examples = "{\"index\": 0, \"text\": \"T\"}")
public record GenerateEvent(
    @Schema(description = "Always 0: a request has one generation.", examples = "0") int index,
    @Schema(
            description = "The characters since the previous event; empty in the last event.",
            examples = "T")
        String text,
    @Schema(description = "One entry per character of text, if the request asks for logprobs.")
        List<TokenLogprobView> logprobs,
    @Schema(
            description =
                "The reason of the end: length (max_tokens is reached), stop (a stop text was found),"
                    + " cancelled or error. Only in the last event.")
        @JsonProperty("finish_reason")
        String finishReason,
    @Schema(description = "The checkpoint that generated all of the text; only in the last event.")
        @JsonProperty("model_version")
        String modelVersion,
    @Schema(description = "The seed that gives the same text again; only in the last event.")
        Long seed,
    @Schema(description = "The numbers of characters; only in the last event.")
        GenerateAnswer.TokenUsage usage,
    @Schema(description = "The durations in seconds; only in the last event.")
        GenerateAnswer.Metrics metrics,
    @Schema(
            description =
                "The final state of the generation; only in the last event, if the request has"
                    + " keep_state. Another request sends it as state to continue.")
        String state,
    @Schema(
            description =
                "The cause of a failure; only in a last event whose finish_reason is error.")
        String error) {

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
