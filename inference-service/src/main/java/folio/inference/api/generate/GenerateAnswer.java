package folio.inference.api.generate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.Timings;
import folio.inference.generation.TokenLogprob;
import folio.inference.generation.Usage;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A whole generation: the answer as {@code application/json}. */
@Schema(name = "GenerateAnswer", description = "A whole generation.")
public record GenerateAnswer(
    @Schema(description = "What was written.") String text,
    @Schema(description = "length, stop, cancelled or error.", examples = "length")
        @JsonProperty("finish_reason")
        String finishReason,
    @Schema(description = "The checkpoint that wrote all of it.", examples = "embedded")
        @JsonProperty("model_version")
        String modelVersion,
    @Schema(description = "Gives the same text again.", examples = "42") long seed,
    Tokens usage,
    Metrics metrics,
    @Schema(description = "One entry a character, if asked for.")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        List<TokenLogprob> logprobs,
    @Schema(description = "Where it stopped, if asked for: pass it on as state.")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        String state) {

  /** Characters read and written. */
  @Schema(name = "Usage", description = "Characters read and written.")
  public record Tokens(
      @JsonProperty("prompt_tokens") int promptTokens,
      @JsonProperty("completion_tokens") int completionTokens,
      @JsonProperty("total_tokens") int totalTokens) {
    public static Tokens of(Usage usage) {
      return new Tokens(
          usage.promptTokens(),
          usage.completionTokens(),
          usage.promptTokens() + usage.completionTokens());
    }
  }

  /** How long the parts took, in seconds. */
  @Schema(name = "GenerationMetrics", description = "How long the parts took, in seconds.")
  public record Metrics(
      @JsonProperty("queue_seconds") double queueSeconds,
      @JsonProperty("time_to_first_token_seconds") double timeToFirstTokenSeconds,
      @JsonProperty("duration_seconds") double durationSeconds) {
    private static final double NANOS = 1e9;

    public static Metrics of(Timings timings) {
      return new Metrics(
          timings.queued().toNanos() / NANOS,
          timings.firstToken().toNanos() / NANOS,
          timings.total().toNanos() / NANOS);
    }
  }

  public static GenerateAnswer of(Generations.Completed whole, SavedStateTokens tokens) {
    GenerationEvent.Finished end = whole.end();
    return new GenerateAnswer(
        whole.text(),
        end.reason().wireName(),
        end.modelVersion(),
        end.seed(),
        Tokens.of(end.usage()),
        Metrics.of(end.timings()),
        whole.logprobs().isEmpty() ? null : whole.logprobs(),
        tokens.write(end.state()));
  }
}
