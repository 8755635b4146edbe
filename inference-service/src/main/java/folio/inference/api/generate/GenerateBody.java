package folio.inference.api.generate;

import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.SavedState;
import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
import folio.model.sampling.SeededRandom;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The body of {@code POST /generate}. An absent field is null. */
@Schema(
    name = "GenerateRequest",
    description =
        "A request for text. Every field is optional. An unknown field is an error. Lengths are in"
            + " characters (Unicode code points).",
    additionalProperties = Schema.False.class,
    examples = "{\"prompt\": \"ROMEO:\", \"max_tokens\": 200, \"temperature\": 0.8}")
public record GenerateBody(
    @Schema(
            description =
                "The text to continue, in characters of the model's vocabulary. Its largest length is"
                    + " a setting, 10,000 by default (see GET /parameters). An empty prompt means a"
                    + " line break; if the model lacks it, a space; else its first character. For a"
                    + " model of documents, it begins a new document.",
            defaultValue = "",
            examples = "ROMEO:")
        String prompt,
    @Schema(
            description =
                "The largest number of characters to generate, 1 or more. Its upper limit is a"
                    + " setting, 10,000 by default (see GET /parameters). With echo it may be 0:"
                    + " the answer is the prompt.",
            minimum = "0",
            defaultValue = "256",
            examples = "200")
        @JsonProperty("max_tokens")
        Integer maxTokens,
    @Schema(
            description =
                "The divisor of the logits: 0, or 0.01 to 2. 0 always takes the most likely character;"
                    + " higher values make the text more varied.",
            minimum = "0",
            maximum = "2",
            defaultValue = "1",
            examples = "0.8")
        Double temperature,
    @Schema(
            description =
                "The number of most likely characters that are eligible, 0 or more; 0 means all.",
            minimum = "0",
            defaultValue = "0")
        @JsonProperty("top_k")
        Integer topK,
    @Schema(
            description =
                "A probability above 0, up to 1. Only the most likely characters that together reach"
                    + " it are eligible.",
            minimum = "0",
            exclusiveMinimum = true,
            maximum = "1",
            defaultValue = "1")
        @JsonProperty("top_p")
        Double topP,
    @Schema(
            description =
                "A fraction from 0 to 1. Only characters at least this fraction as likely as the most"
                    + " likely one are eligible.",
            minimum = "0",
            maximum = "1",
            defaultValue = "0")
        @JsonProperty("min_p")
        Double minP,
    @Schema(
            description =
                "A factor above 0, up to 2. Above 1, it makes characters that the text already holds"
                    + " less likely; 1 means no penalty.",
            minimum = "0",
            exclusiveMinimum = true,
            maximum = "2",
            defaultValue = "1")
        @JsonProperty("repetition_penalty")
        Double repetitionPenalty,
    @Schema(
            description =
                "A whole number of 64 bits. The same checkpoint, prompt, parameters and seed give the"
                    + " same text. If it is absent, the service chooses a seed. The answer has the"
                    + " seed.",
            examples = "42")
        Long seed,
    @Schema(
            description =
                "Up to 8 texts of 1 to 64 characters. The generation ends before the first of them;"
                    + " the output does not contain it.",
            examples = "[\"\\n\\n\"]")
        List<String> stop,
    @Schema(
            description =
                "The number of alternatives per character, 0 to 20. If it is set, the answer has the"
                    + " log-probability of every generated character.",
            minimum = "0",
            maximum = "20")
        Integer logprobs,
    @Schema(
            description =
                "What happens to characters of the prompt that the model does not know: reject"
                    + " (status 400), skip (they are left out), or replace (by the unknown entry of"
                    + " the model's vocabulary; status 400 if it has none).",
            enumeration = {"reject", "skip", "replace"},
            defaultValue = "reject")
        String unknown,
    @Schema(
            description =
                "Whether the text continues where a document ends. Otherwise the separator of the"
                    + " documents that a model was trained on ends it like a stop text. Other models"
                    + " have no documents.",
            defaultValue = "false")
        @JsonProperty("ignore_eos")
        Boolean ignoreEos,
    @Schema(description = "Whether the output begins with the prompt.", defaultValue = "false")
        Boolean echo,
    @Schema(
            description =
                "Whether the answer has the final state of the generation, which another request can"
                    + " resume.",
            defaultValue = "false")
        @JsonProperty("keep_state")
        Boolean keepState,
    @Schema(
            description =
                "A state that an answer returned, unchanged. The generation continues that one exactly,"
                    + " with its model and, by default, its seed. A prompt is read after the text"
                    + " that led to the state. The state expires after an hour, unless the service"
                    + " has another lifetime.")
        String state,
    @Schema(
            description = "The model: current, or a version that GET /models lists.",
            defaultValue = "current",
            examples = "current")
        String model) {

  /** The number of characters to generate if the request does not say and the limit allows it. */
  static final int DEFAULT_MAX_TOKENS = 256;

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
                Defaults.prompt(prompt),
                Defaults.or(maxTokens, Math.min(DEFAULT_MAX_TOKENS, limits.maxTokens())))
            .sampling(sampling)
            .seed(seed(random, resumeFrom))
            .stop(Defaults.stops(stop))
            .unknown(Defaults.unknown(unknown))
            .ignoresDocumentEnd(Defaults.or(ignoreEos, false))
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
    if (model != null && !model.equals(state.version())) {
      throw new OutOfRangeException(
          "model", model, state.version() + ", the model that computed state");
    }
  }

  private long seed(RandomGenerator random, Optional<SavedState> resumeFrom) {
    if (seed != null) {
      return seed;
    }
    return resumeFrom.map(SavedState::seed).orElseGet(() -> SeededRandom.chooseSeed(random));
  }
}
