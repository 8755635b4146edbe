package folio.inference.api.openai;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.api.generate.Defaults;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.RequestGroup;
import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * The body of {@code POST /v1/completions}, with OpenAI's names and defaults, and vLLM's where
 * OpenAI has none. An absent field is null.
 */
@Schema(
    name = "CompletionRequest",
    description =
        "A request as OpenAI defines it. Tokens are characters. The service rejects suffix,"
            + " best_of, logit_bias and penalties other than 0.",
    example = "{\"model\": \"current\", \"prompt\": \"ROMEO:\", \"max_tokens\": 200}")
public record CompletionBody(
    @Schema(description = "current, or a version that is resident.", defaultValue = "current")
        String model,
    @Schema(
            description = "A text, or several texts; each gets n choices.",
            anyOf = {String.class, String[].class})
        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
        List<String> prompt,
    @Schema(
            description =
                "The largest number of characters to generate; 0 together with echo and logprobs"
                    + " scores the prompt.",
            defaultValue = "16")
        @JsonProperty("max_tokens")
        Integer maxTokens,
    @Schema(defaultValue = "1") Double temperature,
    @Schema(defaultValue = "1") @JsonProperty("top_p") Double topP,
    @Schema(
            description = "The number of choices per prompt; they get their slots together.",
            defaultValue = "1")
        Integer n,
    @Schema(defaultValue = "false") Boolean stream,
    @JsonProperty("stream_options") StreamOptions streamOptions,
    @Schema(
            description = "The number of alternatives to report per character.",
            minimum = "0",
            maximum = "20")
        Integer logprobs,
    @Schema(defaultValue = "false") Boolean echo,
    @Schema(
            description = "A text that ends a choice, or several texts.",
            anyOf = {String.class, String[].class})
        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
        List<String> stop,
    @Schema(description = "Choice i is the text that seed + i gives alone.") Long seed,
    @Schema(description = "Ignored.") String user,
    @Schema(description = "The same as for POST /generate.", defaultValue = "0")
        @JsonProperty("top_k")
        Integer topK,
    @Schema(description = "The same as for POST /generate.", defaultValue = "0")
        @JsonProperty("min_p")
        Double minP,
    @Schema(description = "The same as for POST /generate.", defaultValue = "1")
        @JsonProperty("repetition_penalty")
        Double repetitionPenalty,
    @Schema(description = "Only 0.", defaultValue = "0") @JsonProperty("presence_penalty")
        Double presencePenalty,
    @Schema(description = "Only 0.", defaultValue = "0") @JsonProperty("frequency_penalty")
        Double frequencyPenalty,
    @Schema(hidden = true) @JsonProperty("best_of") Integer bestOf,
    @Schema(hidden = true) String suffix,
    @Schema(hidden = true) @JsonProperty("logit_bias") Map<String, Double> logitBias) {

  /** OpenAI's default of {@code max_tokens}. */
  private static final int DEFAULT_MAX_TOKENS = 16;

  /** The largest number of prompts in a request. */
  private static final int MAX_PROMPTS = 16;

  /** The bound of chosen seeds, below which every JSON number in a browser is exact. */
  private static final long SEED_BOUND = 1L << 53;

  /** The options of a stream. */
  public record StreamOptions(
      @Schema(description = "Whether one more event reports the usage.", defaultValue = "false")
          @JsonProperty("include_usage")
          Boolean includeUsage) {}

  /** Returns whether the client asks for a stream. */
  boolean streams() {
    return Boolean.TRUE.equals(stream);
  }

  /** Returns whether a stream ends with an event that reports the usage. */
  boolean includesUsage() {
    return streamOptions != null && Boolean.TRUE.equals(streamOptions.includeUsage());
  }

  /**
   * Returns the requests that this body describes, with defaults for absent fields: a group per
   * prompt, a request per choice.
   *
   * @param limits the limits of the service; the default of max_tokens respects them
   * @param random the source of the seed if the body has none
   * @param maxChoices the largest number of choices per prompt
   * @throws OutOfRangeException naming the first field that is out of its range or not supported
   */
  List<RequestGroup> toRequests(GenerationLimits limits, RandomGenerator random, int maxChoices) {
    rejectUnsupported();
    List<String> prompts = Defaults.or(prompt, List.of("\n"));
    if (prompts.isEmpty() || prompts.size() > MAX_PROMPTS) {
      throw new OutOfRangeException(
          "prompt", prompts.size() + " texts", "1 to " + MAX_PROMPTS + " texts");
    }
    if (prompts.stream().anyMatch(Objects::isNull)) {
      throw new OutOfRangeException("prompt", "null", "texts");
    }
    int choices = Defaults.or(n, 1);
    if (choices < 1 || choices > maxChoices) {
      throw new OutOfRangeException("n", choices, "1 to " + maxChoices);
    }
    long firstSeed = seed != null ? seed : random.nextLong(SEED_BOUND);
    List<RequestGroup> groups = new ArrayList<>();
    long logprobCount = 0;
    for (String text : prompts) {
      List<GenerationRequest> requests = new ArrayList<>();
      for (int choice = 0; choice < choices; choice++) {
        requests.add(toRequest(text, firstSeed + choice, limits));
      }
      groups.add(new RequestGroup(requests));
      logprobCount += choices * requests.get(0).logprobCount();
    }
    GenerationLimits.checkLogprobCount("logprobs", logprobCount);
    return groups;
  }

  private GenerationRequest toRequest(String text, long choiceSeed, GenerationLimits limits) {
    boolean echoes = Defaults.or(echo, false);
    SamplingParameters defaults = SamplingParameters.DEFAULT;
    GenerationRequest.Builder request =
        GenerationRequest.builder(
                Defaults.prompt(text),
                Defaults.or(maxTokens, Math.min(DEFAULT_MAX_TOKENS, limits.maxTokens())))
            .sampling(
                new SamplingParameters(
                    Defaults.or(temperature, defaults.temperature()),
                    Defaults.or(topK, defaults.topK()),
                    Defaults.or(topP, defaults.topP()),
                    Defaults.or(minP, defaults.minP()),
                    Defaults.or(repetitionPenalty, defaults.repetitionPenalty())))
            .seed(choiceSeed)
            .stop(Defaults.stops(stop))
            .echo(echoes)
            .model(Defaults.or(model, GenerationRequest.CURRENT));
    OptionalInt alternatives = Defaults.logprobs(logprobs);
    alternatives.ifPresent(request::logprobs);
    if (echoes) {
      alternatives.ifPresent(request::promptLogprobs);
    }
    return request.build();
  }

  private void rejectUnsupported() {
    require(suffix == null, "suffix", suffix, "null: the service only appends to the prompt");
    require(bestOf == null || bestOf == 1, "best_of", bestOf, "null or 1");
    require(logitBias == null || logitBias.isEmpty(), "logit_bias", logitBias, "null or empty");
    require(isZero(presencePenalty), "presence_penalty", presencePenalty, "0");
    require(isZero(frequencyPenalty), "frequency_penalty", frequencyPenalty, "0");
  }

  private static void require(boolean supported, String field, Object value, String legal) {
    if (!supported) {
      throw new OutOfRangeException(field, value, legal);
    }
  }

  private static boolean isZero(Double penalty) {
    return penalty == null || penalty == 0;
  }
}
