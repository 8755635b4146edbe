package folio.inference.api.generate;

import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.SavedState;
import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
import java.util.List;
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** {@code POST /generate}, as it comes in. What is not given is null. */
@Schema(
    name = "GenerateRequest",
    description = "What to write. Every field may be left out; an unknown one is refused.",
    example = "{\"prompt\": \"ROMEO:\", \"max_tokens\": 200, \"temperature\": 0.8}")
public record GenerateBody(
    @Schema(
            description =
                "Text to go on from, in characters of the model's vocabulary. Empty stands for a"
                    + " line break.",
            defaultValue = "",
            examples = "ROMEO:")
        String prompt,
    @Schema(
            description = "Most characters to write; the service may have a lower limit.",
            minimum = "1",
            defaultValue = "256",
            examples = "200")
        @JsonProperty("max_tokens")
        Integer maxTokens,
    @Schema(
            description = "0 takes the most likely character; else 0.01 to 2.",
            minimum = "0",
            maximum = "2",
            defaultValue = "1",
            examples = "0.8")
        Double temperature,
    @Schema(
            description = "Only this many of the most likely characters are eligible; 0: all.",
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
            description = "Makes characters that were there already less likely; 1: none.",
            minimum = "0",
            exclusiveMinimum = true,
            maximum = "2",
            defaultValue = "1")
        @JsonProperty("repetition_penalty")
        Double repetitionPenalty,
    @Schema(
            description =
                "The same checkpoint, prompt, parameters and seed give the same text. Chosen and"
                    + " returned if it is left out.",
            examples = "42")
        Long seed,
    @Schema(
            description =
                "Up to 8 texts of up to 64 characters that end the generation; they are not part of"
                    + " the output.")
        List<String> stop,
    @Schema(
            description =
                "Tells the log-probability of every character, and of this many alternatives.",
            minimum = "0",
            maximum = "20")
        Integer logprobs,
    @Schema(description = "Whether the output begins with the prompt.", defaultValue = "false")
        Boolean echo,
    @Schema(
            description = "Whether the end tells the state that the generation stops in.",
            defaultValue = "false")
        @JsonProperty("keep_state")
        Boolean keepState,
    @Schema(
            description =
                "The state that another generation stopped in, to go on exactly from there; takes"
                    + " the place of a prompt. Its model and, unless given, its seed are taken.")
        String state,
    @Schema(
            description = "current, or a version that is resident.",
            defaultValue = "current",
            examples = "current")
        String model) {

  static final int DEFAULT_MAX_TOKENS = 256;

  /** Seeds that a JSON number in a browser holds exactly. */
  private static final long SEED_BOUND = 1L << 53;

  /**
   * The request that this asks for, with the defaults of what is not given.
   *
   * @param limits keeps the default of max_tokens below its limit
   * @param random chooses the seed if there is none
   * @param from what state says, or null
   * @throws OutOfRangeException naming the first field that is out of its range
   */
  GenerationRequest toRequest(GenerationLimits limits, RandomGenerator random, SavedState from) {
    String wanted = Defaults.or(model, GenerationRequest.CURRENT);
    if (from != null) {
      if (prompt != null && !prompt.isEmpty()) {
        throw new OutOfRangeException("prompt", prompt, "nothing beside a state");
      }
      if (model != null && !model.equals(from.version())) {
        throw new OutOfRangeException("model", model, from.version() + ", which state is of");
      }
      wanted = from.version();
    }
    SamplingParameters sampling =
        new SamplingParameters(
            Defaults.or(temperature, 1.0),
            Defaults.or(topK, 0),
            Defaults.or(topP, 1.0),
            Defaults.or(minP, 0.0),
            Defaults.or(repetitionPenalty, 1.0));
    return new GenerationRequest(
        from == null ? Defaults.prompt(prompt) : "",
        Defaults.or(maxTokens, Math.min(DEFAULT_MAX_TOKENS, limits.maxTokens())),
        sampling,
        seed(random, from),
        Defaults.stops(stop),
        Defaults.logprobs(logprobs),
        -1,
        Defaults.or(echo, false),
        Defaults.or(keepState, false),
        from,
        wanted);
  }

  private long seed(RandomGenerator random, SavedState from) {
    if (seed != null) {
      return seed;
    }
    return from != null ? from.seed() : random.nextLong(SEED_BOUND);
  }
}
