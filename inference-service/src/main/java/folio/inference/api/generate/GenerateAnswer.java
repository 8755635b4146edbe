package folio.inference.api.generate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.api.http.JsonAnswer;
import folio.inference.generation.GenerationEvent;
import folio.inference.generation.Timings;
import folio.inference.generation.Usage;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A completed generation: the answer as {@code application/json}. */
@Schema(name = "GenerateAnswer", description = "A completed generation.")
public record GenerateAnswer(
    @Schema(
            description = "The generated text, after the prompt if the request has echo.",
            examples = "What say you to my suit?")
        String text,
    @Schema(
            description =
                "The reason of the end: length (max_tokens is reached) or stop (a stop text was"
                    + " found).",
            examples = "length")
        @JsonProperty("finish_reason")
        String finishReason,
    @Schema(description = "The checkpoint that generated all of the text.", examples = "embedded")
        @JsonProperty("model_version")
        String modelVersion,
    @Schema(description = "The seed that gives the same text again.", examples = "42") long seed,
    @Schema(description = "The numbers of characters.") TokenUsage usage,
    @Schema(description = "The durations in seconds.") Metrics metrics,
    @Schema(description = "One entry per generated character, if the request asks for logprobs.")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        List<TokenLogprobView> logprobs,
    @Schema(
            description =
                "The final state of the generation, if the request has keep_state. Another request"
                    + " sends it as state to continue.")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        String state)
    implements JsonAnswer {

  /** The numbers of characters that were read and generated. */
  @Schema(name = "Usage", description = "The numbers of characters that were read and generated.")
  public record TokenUsage(
      @Schema(description = "The number of characters of the prompt.", examples = "6")
          @JsonProperty("prompt_tokens")
          int promptTokens,
      @Schema(description = "The number of generated characters.", examples = "200")
          @JsonProperty("completion_tokens")
          int completionTokens,
      @Schema(description = "The sum of both.", examples = "206") @JsonProperty("total_tokens")
          int totalTokens) {
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
      @Schema(description = "The time until the request got a slot.", examples = "0.0002")
          @JsonProperty("queue_seconds")
          double queueSeconds,
      @Schema(description = "The time until the first character.", examples = "0.0031")
          @JsonProperty("time_to_first_token_seconds")
          double timeToFirstTokenSeconds,
      @Schema(description = "The time until the last character.", examples = "0.151")
          @JsonProperty("duration_seconds")
          double durationSeconds) {
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
