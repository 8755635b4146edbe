package folio.inference.api.generate;

import folio.inference.generation.TokenLogprob;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The log-probability of a character, as it is on the wire. */
@Schema(
    name = "TokenLogprob",
    description = "The log-probability of a character, before temperature and other parameters.")
public record TokenLogprobView(
    @Schema(description = "The character.", examples = "h") String token,
    @Schema(
            description = "The natural logarithm of its probability, 0 or less.",
            examples = "-0.105")
        double logprob,
    @Schema(
            description = "Its rank among all characters, 1 or more; 1 is the most likely.",
            examples = "1")
        int rank,
    @Schema(description = "The most likely characters at this position, best first.")
        List<AlternativeView> top) {

  /** A character that could stand at the same position. */
  @Schema(name = "Alternative", description = "A character that could stand at the same position.")
  public record AlternativeView(
      @Schema(description = "The character.", examples = "e") String token,
      @Schema(
              description = "The natural logarithm of its probability, 0 or less.",
              examples = "-2.9")
          double logprob) {
    static AlternativeView of(TokenLogprob.Alternative alternative) {
      return new AlternativeView(alternative.token(), alternative.logprob());
    }
  }

  static TokenLogprobView of(TokenLogprob logprob) {
    return new TokenLogprobView(
        logprob.token(), logprob.logprob(), logprob.rank(), alternatives(logprob));
  }

  /** Returns the entries of a list, or null if it is empty: the wire then has no such field. */
  static List<TokenLogprobView> listOrNull(List<TokenLogprob> logprobs) {
    return logprobs.isEmpty() ? null : logprobs.stream().map(TokenLogprobView::of).toList();
  }

  static List<AlternativeView> alternatives(TokenLogprob logprob) {
    return logprob.top().stream().map(AlternativeView::of).toList();
  }
}
