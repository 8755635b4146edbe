package folio.inference.api.openai;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.api.generate.Defaults;
import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.inference.generation.RequestGroup;
import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
import folio.model.sampling.SeededRandom;
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
        "A request as OpenAI defines it. Every field is optional. A token is one character. The"
            + " service rejects logit_bias and penalties other than 0.",
    additionalProperties = Schema.False.class,
    examples = "{\"model\": \"current\", \"prompt\": \"ROMEO:\", \"max_tokens\": 200}")
public record CompletionBody(
    @Schema(
            description = "The model: current, or an id that GET /v1/models lists.",
            defaultValue = "current",
            examples = "current")
        String model,
    @Schema(
            description =
                "The text to continue, or a list of 1 to 16 texts; each gets n choices. An empty text"
                    + " means the same as for POST /generate.",
            implementation = Object.class,
            oneOf = {String.class, String[].class})
        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
        List<String> prompt,
    @Schema(
            description =
                "The largest number of characters to generate, 1 or more. Its upper limit is a"
                    + " setting, 10,000 by default (see GET /parameters). With echo it may be 0:"
                    + " the answer is the prompt, with logprobs its log-probabilities too.",
            defaultValue = "16",
            examples = "200")
        @JsonProperty("max_tokens")
        Integer maxTokens,
    @Schema(description = "Another name of max_tokens; if both are set, they must be equal.")
        @JsonProperty("max_completion_tokens")
        Integer maxCompletionTokens,
    @Schema(
            description = "The same as for POST /generate: 0, or 0.01 to 2.",
            defaultValue = "1",
            examples = "0.8")
        Double temperature,
    @Schema(description = "The same as for POST /generate: above 0, up to 1.", defaultValue = "1")
        @JsonProperty("top_p")
        Double topP,
    @Schema(
            description =
                "The number of choices per prompt, 1 to 16 and at most the number of slots; they get"
                    + " their slots together.",
            defaultValue = "1")
        Integer n,
    @Schema(
            description = "Whether the answer is a stream of events; Accept does not matter.",
            defaultValue = "false")
        Boolean stream,
    @Schema(description = "The options of a stream.") @JsonProperty("stream_options")
        StreamOptions streamOptions,
    @Schema(
            description =
                "The number of alternatives per character, 0 to 20. If it is set, the answer has the"
                    + " log-probability of every generated character, with echo also those of the"
                    + " prompt.",
            minimum = "0",
            maximum = "20")
        Integer logprobs,
    @Schema(description = "Whether a choice begins with its prompt.", defaultValue = "false")
        Boolean echo,
    @Schema(
            description =
                "A text of 1 to 64 characters that ends a choice, or a list of up to 8 such texts; the"
                    + " output does not contain it.",
            implementation = Object.class,
            oneOf = {String.class, String[].class})
        @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
        List<String> stop,
    @Schema(
            description =
                "A whole number of 64 bits. Choice i of prompt p is the text that seed + p * n + i"
                    + " gives alone, where i and p count from 0. If it is absent, the service"
                    + " chooses a seed for each choice.",
            examples = "42")
        Long seed,
    @Schema(description = "The service ignores this field.") String user,
    @Schema(description = "The service ignores this field.") Boolean store,
    @Schema(description = "The service ignores this field.") Map<String, Object> metadata,
    @Schema(description = "The service ignores this field.") @JsonProperty("service_tier")
        String serviceTier,
    @Schema(
            description = "The same as for POST /generate.",
            enumeration = {"reject", "skip", "replace"},
            defaultValue = "reject")
        String unknown,
    @Schema(description = "The same as for POST /generate.", defaultValue = "false")
        @JsonProperty("ignore_eos")
        Boolean ignoreEos,
    @Schema(
            description = "The same as for POST /generate: 0 or more; 0 and -1 mean all.",
            defaultValue = "0")
        @JsonProperty("top_k")
        Integer topK,
    @Schema(description = "The same as for POST /generate: 0 to 1.", defaultValue = "0")
        @JsonProperty("min_p")
        Double minP,
    @Schema(description = "The same as for POST /generate: above 0, up to 2.", defaultValue = "1")
        @JsonProperty("repetition_penalty")
        Double repetitionPenalty,
    @Schema(description = "It must be 0 or absent.", defaultValue = "0")
        @JsonProperty("presence_penalty")
        Double presencePenalty,
    @Schema(description = "It must be 0 or absent.", defaultValue = "0")
        @JsonProperty("frequency_penalty")
        Double frequencyPenalty,
    @Schema(description = "It must be absent or equal to n.") @JsonProperty("best_of")
        Integer bestOf,
    @Schema(
            description =
                "A number from 0 to max_tokens; with stop texts it must be 0. The service ignores it,"
                    + " because only stop texts and the end of a document end a text early.",
            defaultValue = "0")
        @JsonProperty("min_tokens")
        Integer minTokens,
    @Schema(description = "It must be empty or absent.") String suffix,
    @Schema(hidden = true) @JsonProperty("logit_bias") Map<String, Double> logitBias) {

  /** The {@code top_k} of vLLM's clients for all characters. */
  private static final int ALL = -1;

  /** OpenAI's default of {@code max_tokens}. */
  private static final int DEFAULT_MAX_TOKENS = 16;

  /** The largest number of prompts in a request. */
  private static final int MAX_PROMPTS = 16;

  /** Returns whether the client asks for a stream. */
  boolean streams() {
    return Boolean.TRUE.equals(stream);
  }

  /** Returns whether a stream ends with an event that reports the usage. */
  boolean includesUsage() {
    return streamOptions != null && Boolean.TRUE.equals(streamOptions.includeUsage());
  }

  /** Returns whether each event of a stream also reports the usage of its choice so far. */
  boolean includesContinuousUsage() {
    return includesUsage() && Boolean.TRUE.equals(streamOptions.continuousUsageStats());
  }

  /**
   * Returns the requests that this body describes, with defaults for absent fields: a group per
   * prompt, a request per choice.
   *
   * @param limits the limits of the service; the default of max_tokens respects them
   * @param random the source of each choice's seed if the body has none
   * @param maxChoices the largest number of choices per prompt
   * @throws OutOfRangeException naming the first field that is out of its range
   */
  List<RequestGroup> toRequests(GenerationLimits limits, RandomGenerator random, int maxChoices) {
    List<String> prompts = Defaults.or(prompt, List.of(""));
    if (prompts.isEmpty() || prompts.size() > MAX_PROMPTS) {
      throw new OutOfRangeException(
          "prompt", prompts.size() + " texts", "1 to " + MAX_PROMPTS + " texts");
    }
    if (prompts.stream().anyMatch(Objects::isNull)) {
      throw new OutOfRangeException("prompt", "null", "a text, or a list of texts");
    }
    int choices = Defaults.or(n, 1);
    if (choices < 1 || choices > maxChoices) {
      throw new OutOfRangeException("n", choices, "1 to " + maxChoices);
    }
    List<RequestGroup> groups = new ArrayList<>();
    long logprobCount = 0;
    for (String text : prompts) {
      List<GenerationRequest> requests = new ArrayList<>();
      for (int choice = 0; choice < choices; choice++) {
        long index = (long) groups.size() * choices + choice;
        long choiceSeed = seed != null ? seed + index : SeededRandom.chooseSeed(random);
        requests.add(toRequest(text, choiceSeed, limits));
      }
      groups.add(new RequestGroup(requests));
      logprobCount += choices * requests.get(0).logprobCount();
    }
    GenerationLimits.checkLogprobCount("logprobs", logprobCount);
    return groups;
  }

  private GenerationRequest toRequest(String text, long choiceSeed, GenerationLimits limits) {
    boolean echoes = Defaults.or(echo, false);
    int usual = Math.min(DEFAULT_MAX_TOKENS, limits.maxTokens());
    int length = Defaults.or(maxTokens, Defaults.or(maxCompletionTokens, usual));
    int least = Defaults.or(minTokens, 0);
    if (least < 0 || least > length) {
      throw new OutOfRangeException("min_tokens", least, "0 to max_tokens, which is " + length);
    }
    SamplingParameters defaults = SamplingParameters.DEFAULT;
    GenerationRequest.Builder request =
        GenerationRequest.builder(Defaults.prompt(text), length)
            .sampling(
                new SamplingParameters(
                    Defaults.or(temperature, defaults.temperature()),
                    topK != null && topK == ALL ? 0 : Defaults.or(topK, defaults.topK()),
                    Defaults.or(topP, defaults.topP()),
                    Defaults.or(minP, defaults.minP()),
                    Defaults.or(repetitionPenalty, defaults.repetitionPenalty())))
            .seed(choiceSeed)
            .stop(Defaults.stops(stop))
            .unknown(Defaults.unknown(unknown))
            .ignoresDocumentEnd(Defaults.or(ignoreEos, false))
            .echo(echoes)
            .model(Defaults.or(model, GenerationRequest.CURRENT));
    OptionalInt alternatives = Defaults.logprobs(logprobs);
    alternatives.ifPresent(request::logprobs);
    if (echoes) {
      alternatives.ifPresent(request::promptLogprobs);
    }
    return request.build();
  }
}
