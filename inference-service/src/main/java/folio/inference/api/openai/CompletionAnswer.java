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

/** A whole answer of {@code POST /v1/completions}, or one event of a stream. */
@Schema(name = "Completion", description = "As OpenAI has it.")
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CompletionAnswer(
    String id,
    @Schema(description = "Always text_completion.") String object,
    @Schema(description = "Seconds since 1970.") long created,
    @Schema(description = "The checkpoint that wrote it.") String model,
    List<Choice> choices,
    @Schema(description = "Of all choices; a prompt counts once.") GenerateAnswer.Tokens usage) {
  private static final String OBJECT = "text_completion";

  /** One text. */
  @Schema(name = "CompletionChoice")
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Choice(
      String text,
      int index,
      Logprobs logprobs,
      @Schema(description = "length or stop; null while it goes on.") @JsonProperty("finish_reason")
          String finishReason,
      @Schema(description = "Gives the same text again; with its last event.") Long seed,
      @Schema(description = "The checkpoint that wrote this one; with its last event.")
          @JsonProperty("model_version")
          String modelVersion) {}

  /** Log-probabilities, a list of each kind. */
  @Schema(name = "CompletionLogprobs")
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Logprobs(
      List<String> tokens,
      @JsonProperty("token_logprobs") List<Double> tokenLogprobs,
      @JsonProperty("top_logprobs") List<Map<String, Double>> topLogprobs,
      @Schema(description = "Where each begins, in characters from the begin of the prompt.")
          @JsonProperty("text_offset")
          List<Integer> textOffset) {

    /**
     * Lists of what was told of some characters.
     *
     * @param first what stands before them and nothing predicts, or null
     * @param offset of the first of them all
     */
    static Logprobs of(String first, List<TokenLogprob> told, int offset) {
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
      for (TokenLogprob one : told) {
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

  /** What all events of an answer share. */
  record Heading(String id, long created, String model) {
    CompletionAnswer with(List<Choice> choices, GenerateAnswer.Tokens usage) {
      return new CompletionAnswer(id, OBJECT, created, model, choices, usage);
    }
  }
}
