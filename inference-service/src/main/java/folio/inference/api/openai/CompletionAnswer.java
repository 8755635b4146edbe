package folio.inference.api.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.api.generate.GenerateAnswer;
import folio.inference.generation.TokenLogprob;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** An answer to {@code POST /v1/completions}, or one event of its stream. */
@Schema(name = "Completion", description = "A completion, as OpenAI defines it.")
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CompletionAnswer(
    String id,
    @Schema(description = "Always text_completion.") String object,
    @Schema(description = "The time of the answer in seconds since 1970.") long created,
    @Schema(description = "The checkpoint that generated the first choice.") String model,
    List<Choice> choices,
    @Schema(description = "The usage of all choices; each prompt counts once.")
        GenerateAnswer.TokenUsage usage) {
  private static final String OBJECT = "text_completion";

  /** One choice: a text that continues a prompt. */
  @Schema(name = "CompletionChoice")
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Choice(
      String text,
      int index,
      Logprobs logprobs,
      @Schema(description = "length or stop; null before the end.") @JsonProperty("finish_reason")
          String finishReason,
      @Schema(
              description =
                  "A request with this seed gives the same text again; only in the last event.")
          Long seed,
      @Schema(description = "The checkpoint that generated this choice; only in the last event.")
          @JsonProperty("model_version")
          String modelVersion) {}

  /** The log-probabilities of a choice: four lists with one entry per character. */
  @Schema(name = "CompletionLogprobs")
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Logprobs(
      List<String> tokens,
      @JsonProperty("token_logprobs") List<Double> tokenLogprobs,
      @JsonProperty("top_logprobs") List<Map<String, Double>> topLogprobs,
      @Schema(description = "The position of each character, counted from the start of the prompt.")
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
