package folio.inference.api.openai;

import folio.inference.api.generate.Defaults;
import folio.model.sampling.OutOfRangeException;

/** The fields of OpenAI and vLLM that would change a text in a way that the service cannot. */
final class UnsupportedFields {
  private UnsupportedFields() {}

  /**
   * Checks that no field asks for something that the service cannot do.
   *
   * @throws OutOfRangeException naming the first such field
   */
  static void reject(CompletionBody body) {
    require(
        body.suffix() == null || body.suffix().isEmpty(),
        "suffix",
        body.suffix(),
        "empty: the service only appends to the prompt");
    require(
        body.bestOf() == null || body.bestOf().equals(Defaults.or(body.n(), 1)),
        "best_of",
        body.bestOf(),
        "null or equal to n");
    require(
        body.maxTokens() == null
            || body.maxCompletionTokens() == null
            || body.maxTokens().equals(body.maxCompletionTokens()),
        "max_completion_tokens",
        body.maxCompletionTokens(),
        "null or equal to max_tokens");
    require(
        Defaults.or(body.minTokens(), 0) == 0 || Defaults.stops(body.stop()).isEmpty(),
        "min_tokens",
        body.minTokens(),
        "0 with stop texts");
    require(
        body.logitBias() == null || body.logitBias().isEmpty(),
        "logit_bias",
        body.logitBias(),
        "null or empty");
    require(isZero(body.presencePenalty()), "presence_penalty", body.presencePenalty(), "0");
    require(isZero(body.frequencyPenalty()), "frequency_penalty", body.frequencyPenalty(), "0");
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
