package folio.inference.api.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.api.generate.GenerateAnswer;
import folio.inference.api.http.JsonAnswer;
import folio.inference.generation.TokenLogprob;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** An answer to {@code POST /v1/completions}, or one event of its stream. */
@Schema(
    name = "Completion",
    description = "A completion, or one event of a stream, as OpenAI defines it.")
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CompletionAnswer(
    @Schema(
            description = "An id that all events of an answer share.",
            examples = "cmpl-2f1c7c1e-8d0a-4b3e-9a55-3d2f0d6c1b7a")
        String id,
    @Schema(description = "Always text_completion.", examples = "text_completion") String object,
    @Schema(description = "The time of the answer in seconds since 1970.", examples = "1795459500")
        long created,
    @Schema(description = "The checkpoint that generated the first choice.", examples = "embedded")
        String model,
    @Schema(
            description =
                "All choices, in the order of the prompts. An event has the choice that it continues,"
                    + " or none if it reports the usage.")
        List<Choice> choices,
    @Schema(
            description =
                "The numbers of characters of all choices; each prompt counts once. Only in the"
                    + " completed answer, or in the events that stream_options asks for.")
        GenerateAnswer.TokenUsage usage)
    implements JsonAnswer {
  private static final String OBJECT = "text_completion";

  /** One choice: a text that continues a prompt. */
  @Schema(name = "CompletionChoice", description = "A text that continues a prompt.")
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Choice(
      @Schema(description = "The text, or its next characters.", examples = "What say you?")
          String text,
      @Schema(description = "The number of the choice, from 0.", examples = "0") int index,
      @Schema(
              description = "The log-probabilities; null unless the request asks for them.",
              nullable = true)
          Logprobs logprobs,
      @Schema(
              description =
                  "The reason of the end: length (max_tokens is reached) or stop (a stop text was"
                      + " found); null before the end.",
              examples = "length",
              nullable = true)
          @JsonProperty("finish_reason")
          String finishReason,
      @Schema(
              description = "The seed that gives the same text again; null before the last event.",
              examples = "42",
              nullable = true)
          Long seed,
      @Schema(
              description =
                  "The checkpoint that generated this choice; null before the last event.",
              examples = "embedded",
              nullable = true)
          @JsonProperty("model_version")
          String modelVersion) {}

  /** The log-probabilities of a choice: four lists with one entry per character. */
  @Schema(
      name = "CompletionLogprobs",
      description = "The log-probabilities of a choice: four lists with one entry per character.")
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Logprobs(
      @Schema(description = "The characters.") List<String> tokens,
      @Schema(
              description =
                  "The natural logarithm of each probability, 0 or less; null for the first character"
                      + " of a prompt.")
          @JsonProperty("token_logprobs")
          List<Double> tokenLogprobs,
      @Schema(
              description =
                  "The most likely characters at each position and the chosen one, with the natural"
                      + " logarithms of their probabilities.")
          @JsonProperty("top_logprobs")
          List<Map<String, Double>> topLogprobs,
      @Schema(
              description =
                  "The position of each character, in characters from the start of the prompt.")
          @JsonProperty("text_offset")
          List<Integer> textOffset) {

    /**
     * Returns the lists of a run of characters.
     *
     * @param first the first character of the prompt, which has no log-probability, or null if the
     *     run does not begin with it
     * @param scored the log-probabilities of the other characters
     * @param offset the position of the run's first character
     */
    static Logprobs of(String first, List<TokenLogprob> scored, int offset) {
      List<String> tokens = new ArrayList<>();
      List<Double> logprobs = new ArrayList<>();
      List<Map<String, Double>> tops = new ArrayList<>();
      List<Integer> offsets = new ArrayList<>();
      if (first != null) {
        tokens.add(first);
        logprobs.add(null);
        tops.add(null);
        offsets.add(offset);
      }
      for (TokenLogprob one : scored) {
        offsets.add(offset + tokens.size());
        tokens.add(one.token());
        logprobs.add(one.logprob());
        Map<String, Double> top = new LinkedHashMap<>();
        one.top().forEach(alternative -> top.put(alternative.token(), alternative.logprob()));
        top.putIfAbsent(one.token(), one.logprob()); // as OpenAI does
        tops.add(top);
      }
      return new Logprobs(tokens, logprobs, tops, offsets);
    }
  }

  /** The fields that all events of an answer share. */
  record Heading(String id, long created, String model) {
    CompletionAnswer with(List<Choice> choices, GenerateAnswer.TokenUsage usage) {
      return new CompletionAnswer(id, OBJECT, created, model, choices, usage);
    }
  }
}
