package folio.inference.api.generate;

import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.SavedState;
import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The body of {@code POST /generate}. An absent field is null. */
@Schema(
    name = "GenerateRequest",
    description = "A request for text. Every field is optional; an unknown field is an error.",
    example = "{\"prompt\": \"ROMEO:\", \"max_tokens\": 200, \"temperature\": 0.8}")
public record GenerateBody(
    @Schema(
            description =
                "The text to continue, in characters of the model's vocabulary. An empty prompt means"
                    + " a line break.",
            defaultValue = "",
            examples = "ROMEO:")
        String prompt,
    @Schema(
            description = "The largest number of characters to generate; the service may limit it.",
            minimum = "1",
            defaultValue = "256",
            examples = "200")
        @JsonProperty("max_tokens")
        Integer maxTokens,
    @Schema(
            description = "0 always takes the most likely character; else 0.01 to 2.",
            minimum = "0",
            maximum = "2",
            defaultValue = "1",
            examples = "0.8")
        Double temperature,
    @Schema(
            description = "Only this many of the most likely characters are eligible; 0 means all.",
            minimum = "0",
            defaultValue = "0")
        @JsonProperty("top_k")
        Integer topK,
    @Schema(
            description =
                "Only the most likely characters that together reach this probability are eligible.",
            minimum = "0",
            exclusiveMinimum = true,
            maximum = "1",
            defaultValue = "1")
        @JsonProperty("top_p")
        Double topP,
    @Schema(
            description =
                "Only characters at least this fraction as likely as the best one are eligible.",
            minimum = "0",
            maximum = "1",
            defaultValue = "0")
        @JsonProperty("min_p")
        Double minP,
    @Schema(
            description =
                "Makes characters less likely that the text already holds; 1 means no penalty.",
            minimum = "0",
            exclusiveMinimum = true,
            maximum = "2",
            defaultValue = "1")
        @JsonProperty("repetition_penalty")
        Double repetitionPenalty,
    @Schema(
            description =
                "The same checkpoint, prompt, parameters and seed give the same text. The service"
                    + " chooses and returns a seed if there is none.",
            examples = "42")
        Long seed,
    @Schema(
            description =
                "Up to 8 texts of up to 64 characters that end the generation; they are not part of"
                    + " the output.")
        List<String> stop,
    @Schema(
            description =
                "Asks for the log-probability of every character and of this many alternatives.",
            minimum = "0",
            maximum = "20")
        Integer logprobs,
    @Schema(description = "Whether the output begins with the prompt.", defaultValue = "false")
        Boolean echo,
    @Schema(
            description = "Whether the answer ends with the state that the generation ended in.",
            defaultValue = "false")
        @JsonProperty("keep_state")
        Boolean keepState,
    @Schema(
            description =
                "The state that another generation ended in. It replaces the prompt: this generation"
                    + " continues that one exactly, with its model and, by default, its seed.")
        String state,
    @Schema(
            description = "current, or a version that is resident.",
            defaultValue = "current",
            examples = "current")
        String model) {

  /** The number of characters to generate if the request does not say and the limit allows it. */
  static final int DEFAULT_MAX_TOKENS = 256;

  /** The bound of chosen seeds, below which every JSON number in a browser is exact. */
  private static final long SEED_BOUND = 1L << 53;

  /**
   * Returns the request that this body describes, with defaults for absent fields.
   *
   * @param limits the limits of the service; the default of max_tokens respects them
   * @param random the source of the seed if the body has none
   * @param resumeFrom the state that the field {@code state} holds
   * @throws OutOfRangeException naming the first field that is out of its range
   */
  GenerationRequest toRequest(
      GenerationLimits limits, RandomGenerator random, Optional<SavedState> resumeFrom) {
    resumeFrom.ifPresent(this::checkAgainst);
    SamplingParameters defaults = SamplingParameters.DEFAULT;
    SamplingParameters sampling =
        new SamplingParameters(
            Defaults.or(temperature, defaults.temperature()),
            Defaults.or(topK, defaults.topK()),
            Defaults.or(topP, defaults.topP()),
            Defaults.or(minP, defaults.minP()),
            Defaults.or(repetitionPenalty, defaults.repetitionPenalty()));
    GenerationRequest.Builder request =
        GenerationRequest.builder(
                resumeFrom.isPresent() ? "" : Defaults.prompt(prompt),
                Defaults.or(maxTokens, Math.min(DEFAULT_MAX_TOKENS, limits.maxTokens())))
            .sampling(sampling)
            .seed(seed(random, resumeFrom))
            .stop(Defaults.stops(stop))
            .echo(Defaults.or(echo, false))
            .keepState(Defaults.or(keepState, false))
            .model(
                resumeFrom
                    .map(SavedState::version)
                    .orElse(Defaults.or(model, GenerationRequest.CURRENT)));
    Defaults.logprobs(logprobs).ifPresent(request::logprobs);
    resumeFrom.ifPresent(request::resumeFrom);
    return request.build();
  }

  private void checkAgainst(SavedState state) {
    if (prompt != null && !prompt.isEmpty()) {
      throw new OutOfRangeException("prompt", prompt, "absent or empty if there is a state");
    }
    if (model != null && !model.equals(state.version())) {
      throw new OutOfRangeException(
          "model", model, state.version() + ", the model that computed state");
    }
  }

  private long seed(RandomGenerator random, Optional<SavedState> resumeFrom) {
    if (seed != null) {
      return seed;
    }
    return resumeFrom.map(SavedState::seed).orElseGet(() -> random.nextLong(SEED_BOUND));
  }
}
