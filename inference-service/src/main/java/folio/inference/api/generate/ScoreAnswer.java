package folio.inference.api.generate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.api.generate.TokenLogprobView.AlternativeView;
import folio.inference.api.http.JsonAnswer;
import folio.inference.generation.TokenLogprob;
import folio.model.sampling.OutOfRangeException;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The log-probabilities of a text. The first character has none, since nothing predicts it. */
@Schema(name = "ScoreAnswer", description = "The probability of a text, character by character.")
public record ScoreAnswer(
    @Schema(description = "The checkpoint that scored the text.", examples = "embedded")
        @JsonProperty("model_version")
        String modelVersion,
    @Schema(description = "One entry per character; the first has only its token.")
        List<Token> tokens,
    @Schema(description = "The number of scored characters: all but the first.", examples = "18")
        @JsonProperty("scored_tokens")
        int scoredTokens,
    @Schema(
            description =
                "The negated sum of the log-probabilities of the scored characters, in nats.",
            examples = "21.6")
        @JsonProperty("total_nats")
        double totalNats,
    @Schema(description = "total_nats divided by scored_tokens.", examples = "1.2")
        @JsonProperty("nats_per_token")
        double natsPerToken,
    @Schema(description = "nats_per_token in bits.", examples = "1.731")
        @JsonProperty("bits_per_token")
        double bitsPerToken,
    @Schema(
            description =
                "e to the power of nats_per_token: the model is as uncertain as if it chose among"
                    + " this many equally likely characters.",
            examples = "3.32")
        double perplexity)
    implements JsonAnswer {

  /** A character of the text. */
  @Schema(name = "ScoredToken", description = "A character of a scored text.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Token(
      @Schema(description = "The character.", examples = "o") String token,
      @Schema(
              description = "The natural logarithm of its probability, 0 or less.",
              examples = "-0.105")
          Double logprob,
      @Schema(
              description = "Its rank among all characters, 1 or more; 1 is the most likely.",
              examples = "1")
          Integer rank,
      @Schema(description = "The most likely characters at this position, best first.")
          List<AlternativeView> top) {}

  /**
   * Returns the answer of a request that reads and echoes the text.
   *
   * @throws OutOfRangeException if the model knows fewer than two characters of the text
   */
  static ScoreAnswer of(GenerationService.Completed completed) {
    String text = completed.text();
    if (completed.logprobs().isEmpty()) {
      throw new OutOfRangeException(
          "text", "a text of which the model reads one character", "2 or more known characters");
    }
    List<Token> tokens = new ArrayList<>();
    tokens.add(new Token(Character.toString(text.codePointAt(0)), null, null, null));
    double total = 0;
    for (TokenLogprob scored : completed.logprobs()) {
      List<AlternativeView> top = TokenLogprobView.alternatives(scored);
      tokens.add(new Token(scored.token(), scored.logprob(), scored.rank(), top));
      total -= scored.logprob();
    }
    int count = completed.logprobs().size();
    double mean = total / count;
    return new ScoreAnswer(
        completed.end().modelVersion(),
        tokens,
        count,
        total,
        mean,
        mean / Math.log(2),
        Math.exp(mean));
  }
}
