package folio.inference.api.generate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.Timings;
import folio.inference.generation.Usage;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A completed generation: the answer as {@code application/json}. */
@Schema(name = "GenerateAnswer", description = "A completed generation.")
public record GenerateAnswer(
    @Schema(description = "The generated text.") String text,
    @Schema(description = "length, stop, cancelled or error.", examples = "length")
        @JsonProperty("finish_reason")
        String finishReason,
    @Schema(description = "The checkpoint that generated all of the text.", examples = "embedded")
        @JsonProperty("model_version")
        String modelVersion,
    @Schema(description = "A request with this seed gives the same text again.", examples = "42")
        long seed,
    TokenUsage usage,
    Metrics metrics,
    @Schema(description = "One entry per character; only if the request asks for it.")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        List<TokenLogprobView> logprobs,
    @Schema(
            description =
                "The state that the generation ended in; only with keep_state. Another request"
                    + " sends it as state to continue.")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        String state) {

  /** The number of characters that were read and generated. */
  @Schema(name = "Usage", description = "The number of characters that were read and generated.")
  public record TokenUsage(
      @JsonProperty("prompt_tokens") int promptTokens,
      @JsonProperty("completion_tokens") int completionTokens,
      @JsonProperty("total_tokens") int totalTokens) {
    /** Returns the usage of a generation with its sum. */
    public static TokenUsage of(Usage usage) {
      return new TokenUsage(
          usage.promptTokens(),
          usage.completionTokens(),
          usage.promptTokens() + usage.completionTokens());
    }
  }

  /** The durations of a generation in seconds. */
  @Schema(
      name = "GenerationMetrics",
      description = "Durations in seconds, each from the arrival of the request.")
  public record Metrics(
      @JsonProperty("queue_seconds") double queueSeconds,
      @JsonProperty("time_to_first_token_seconds") double timeToFirstTokenSeconds,
      @JsonProperty("duration_seconds") double durationSeconds) {
    private static final double NANOS = 1e9;

    static Metrics of(Timings timings) {
      return new Metrics(
          timings.queued().toNanos() / NANOS,
          timings.firstToken().toNanos() / NANOS,
          timings.total().toNanos() / NANOS);
    }
  }

  static GenerateAnswer of(GenerationService.Completed completed, SavedStateCodec codec) {
    GenerationEvent.Finished end = completed.end();
    return new GenerateAnswer(
        completed.text(),
        end.reason().wireName(),
        end.modelVersion(),
        end.seed(),
        TokenUsage.of(end.usage()),
        Metrics.of(end.timings()),
        TokenLogprobView.listOrNull(completed.logprobs()),
        codec.write(end.state()));
  }
}
