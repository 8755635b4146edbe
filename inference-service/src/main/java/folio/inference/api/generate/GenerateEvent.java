package folio.inference.api.generate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.generation.FinishReason;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.TokenLogprob;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** One event of a stream, as it is written under SSE and NDJSON. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(
    name = "GenerateEvent",
    description =
        "One or more characters; the last event has a finish_reason, or an error if the engine"
            + " failed. Under text/event-stream `data: [DONE]` follows it.",
    example = "{\"index\": 0, \"text\": \"T\"}")
public record GenerateEvent(
    @Schema(description = "Always 0: one generation a request.") int index,
    @Schema(description = "Characters since the event before.") String text,
    List<TokenLogprob> logprobs,
    @Schema(description = "length, stop, cancelled or error; only in the last event.")
        @JsonProperty("finish_reason")
        String finishReason,
    @JsonProperty("model_version") String modelVersion,
    Long seed,
    GenerateAnswer.Tokens usage,
    GenerateAnswer.Metrics metrics,
    @Schema(description = "Where it stopped, if asked for; in the last event.") String state,
    @Schema(description = "What went wrong, in words.") String error) {

  static GenerateEvent of(GenerationEvent event, SavedStateTokens tokens) {
    if (event instanceof GenerationEvent.Text text) {
      List<TokenLogprob> logprobs = text.logprobs().isEmpty() ? null : text.logprobs();
      return new GenerateEvent(0, text.text(), logprobs, null, null, null, null, null, null, null);
    }
    if (event instanceof GenerationEvent.Finished end) {
      return new GenerateEvent(
          0,
          "",
          null,
          end.reason().wireName(),
          end.modelVersion(),
          end.seed(),
          GenerateAnswer.Tokens.of(end.usage()),
          GenerateAnswer.Metrics.of(end.timings()),
          tokens.write(end.state()),
          null);
    }
    GenerationEvent.Failed failure = (GenerationEvent.Failed) event;
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
