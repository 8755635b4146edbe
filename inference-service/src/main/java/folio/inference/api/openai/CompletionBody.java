package folio.inference.api.openai;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.api.generate.Defaults;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * {@code POST /v1/completions}, as it comes in: OpenAI's names and defaults, and vLLM's for what
 * OpenAI does not have. What is not given is null.
 */
@Schema(
    name = "CompletionRequest",
    description =
        "As OpenAI has it. Tokens are characters. suffix, best_of, logit_bias and penalties other"
            + " than 0 are not supported and refused by name.",
    example = "{\"model\": \"current\", \"prompt\": \"ROMEO:\", \"max_tokens\": 200}")
public record CompletionBody(
    @Schema(description = "current, or a version that is resident.", defaultValue = "current")
        String model,
    @Schema(
            description = "A text, or several, each of which gets n choices.",
            anyOf = {String.class, String[].class})
        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
        List<String> prompt,
    @Schema(
            description =
                "Most characters to write; 0 together with echo and logprobs scores the prompt.",
            defaultValue = "16")
        @JsonProperty("max_tokens")
        Integer maxTokens,
    @Schema(defaultValue = "1") Double temperature,
    @Schema(defaultValue = "1") @JsonProperty("top_p") Double topP,
    @Schema(description = "Choices a prompt, which get their slots together.", defaultValue = "1")
        Integer n,
    @Schema(defaultValue = "false") Boolean stream,
    @JsonProperty("stream_options") StreamOptions streamOptions,
    @Schema(description = "Alternatives to tell a character.", minimum = "0", maximum = "20")
        Integer logprobs,
    @Schema(defaultValue = "false") Boolean echo,
    @Schema(
            description = "A text that ends a choice, or several.",
            anyOf = {String.class, String[].class})
        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
        List<String> stop,
    @Schema(description = "Choice i is what this seed + i gives alone.") Long seed,
    @Schema(description = "Ignored.") String user,
    @Schema(description = "As of POST /generate.") @JsonProperty("top_k") Integer topK,
    @Schema(description = "As of POST /generate.") @JsonProperty("min_p") Double minP,
    @Schema(description = "As of POST /generate.") @JsonProperty("repetition_penalty")
        Double repetitionPenalty,
    @Schema(description = "Only 0.") @JsonProperty("presence_penalty") Double presencePenalty,
    @Schema(description = "Only 0.") @JsonProperty("frequency_penalty") Double frequencyPenalty,
    @Schema(hidden = true) @JsonProperty("best_of") Integer bestOf,
    @Schema(hidden = true) String suffix,
    @Schema(hidden = true) @JsonProperty("logit_bias") Map<String, Double> logitBias) {

  private static final int DEFAULT_MAX_TOKENS = 16;
  private static final int MAX_PROMPTS = 16;
  private static final long SEED_BOUND = 1L << 53;

  /** Of a stream. */
  public record StreamOptions(
      @Schema(description = "Whether a last event tells the usage.", defaultValue = "false")
          @JsonProperty("include_usage")
          Boolean includeUsage) {}

  /** Whether the answer is a stream. */
  boolean streams() {
    return Boolean.TRUE.equals(stream);
  }

  /** Whether a stream tells its usage. */
  boolean tellsUsage() {
    return streamOptions != null && Boolean.TRUE.equals(streamOptions.includeUsage());
  }

  /**
   * What this asks for: for each prompt, the requests of its choices.
   *
   * @param random chooses the seed if there is none
   * @param maxChoices of a prompt
   * @throws OutOfRangeException naming the first field that is out of its range or not supported
   */
  List<List<GenerationRequest>> toRequests(
      GenerationLimits limits, RandomGenerator random, int maxChoices) {
    refuseUnsupported();
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
    List<List<GenerationRequest>> all = new ArrayList<>();
    long told = 0;
    for (String text : prompts) {
      List<GenerationRequest> requests = new ArrayList<>();
      for (int choice = 0; choice < choices; choice++) {
        requests.add(toRequest(text, firstSeed + choice, limits));
      }
      all.add(requests);
      told += (long) choices * told(requests.get(0));
    }
    GenerationLimits.checkLogprobCount("logprobs", told);
    return all;
  }

  private static long told(GenerationRequest request) {
    int length = request.prompt().codePointCount(0, request.prompt().length());
    int positions = request.maxTokens() + (request.scoresPrompt() ? length : 0);
    return (long) positions * (request.logprobs() + 1);
  }

  private GenerationRequest toRequest(String text, long itsSeed, GenerationLimits limits) {
    boolean echoes = Defaults.or(echo, false);
    return new GenerationRequest(
        Defaults.prompt(text),
        Defaults.or(maxTokens, Math.min(DEFAULT_MAX_TOKENS, limits.maxTokens())),
        new SamplingParameters(
            Defaults.or(temperature, 1.0),
            Defaults.or(topK, 0),
            Defaults.or(topP, 1.0),
            Defaults.or(minP, 0.0),
            Defaults.or(repetitionPenalty, 1.0)),
        itsSeed,
        Defaults.stops(stop),
        Defaults.logprobs(logprobs),
        echoes ? Defaults.logprobs(logprobs) : -1,
        echoes,
        false,
        null,
        Defaults.or(model, GenerationRequest.CURRENT));
  }

  private void refuseUnsupported() {
    refuseUnless(suffix == null, "suffix", suffix, "null: text is only ever added at the end");
    refuseUnless(bestOf == null || bestOf == 1, "best_of", bestOf, "null or 1");
    refuseUnless(
        logitBias == null || logitBias.isEmpty(), "logit_bias", logitBias, "null or empty");
    refuseUnless(isNone(presencePenalty), "presence_penalty", presencePenalty, "0");
    refuseUnless(isNone(frequencyPenalty), "frequency_penalty", frequencyPenalty, "0");
  }

  private static void refuseUnless(boolean legal, String field, Object value, String range) {
    if (!legal) {
      throw new OutOfRangeException(field, value, range);
    }
  }

  private static boolean isNone(Double penalty) {
    return penalty == null || penalty == 0;
  }
}
