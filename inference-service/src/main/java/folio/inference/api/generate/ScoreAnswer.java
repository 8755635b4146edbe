package folio.inference.api.generate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.inference.generation.TokenLogprob;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** How likely a text is. The first character is what the rest follows from, and is not judged. */
@Schema(name = "ScoreAnswer", description = "How likely a text is, character by character.")
public record ScoreAnswer(
    @Schema(description = "The checkpoint that judged.", examples = "embedded")
        @JsonProperty("model_version")
        String modelVersion,
    @Schema(description = "One entry a character; the first has only its token.")
        List<Token> tokens,
    @Schema(description = "How many characters were judged: all but the first.")
        @JsonProperty("scored_tokens")
        int scoredTokens,
    @Schema(description = "Minus the sum of their log-probabilities.") @JsonProperty("total_nats")
        double totalNats,
    @Schema(description = "Their mean.") @JsonProperty("nats_per_token") double natsPerToken,
    @Schema(description = "The same in bits.") @JsonProperty("bits_per_token") double bitsPerToken,
    @Schema(description = "Among how many equally likely characters the model seems to choose.")
        double perplexity) {

  /** A character of the text. */
  @Schema(name = "ScoredToken")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Token(
      @Schema(examples = "h") String token,
      @Schema(description = "Natural logarithm of its probability.") Double logprob,
      @Schema(description = "1 if it was the most likely one.") Integer rank,
      @Schema(description = "The most likely characters there, best first.")
          List<TokenLogprob.Alternative> top) {}

  static ScoreAnswer of(String text, Generations.Completed whole) {
    List<Token> tokens = new ArrayList<>();
    tokens.add(new Token(Character.toString(text.codePointAt(0)), null, null, null));
    double total = 0;
    for (TokenLogprob scored : whole.logprobs()) {
      tokens.add(new Token(scored.token(), scored.logprob(), scored.rank(), scored.top()));
      total -= scored.logprob();
    }
    int count = whole.logprobs().size();
    double mean = total / count;
    return new ScoreAnswer(
        whole.end().modelVersion(), tokens, count, total, mean, mean / Math.log(2), Math.exp(mean));
  }
}
