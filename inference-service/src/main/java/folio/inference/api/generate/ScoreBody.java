package folio.inference.api.generate;

import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.model.sampling.OutOfRangeException;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The body of {@code POST /score}. An absent field is null. */
@Schema(
    name = "ScoreRequest",
    description = "A text to score. An unknown field is an error.",
    additionalProperties = Schema.False.class,
    requiredProperties = "text",
    examples = "{\"text\": \"ROMEO:\\nWherefore art thou\", \"top\": 5}")
public record ScoreBody(
    @Schema(
            description =
                "The text to score, in characters of the model's vocabulary, 2 or more. Its largest"
                    + " length is a setting, 10,000 by default (prompt in GET /parameters).",
            examples = "To be, or not to be")
        String text,
    @Schema(
            description =
                "The number of most likely characters to return at every position, 0 to 20.",
            minimum = "0",
            maximum = "20",
            defaultValue = "5")
        Integer top,
    @Schema(
            description =
                "The same as for POST /generate. A character that is left out has no entry in"
                    + " tokens; one that is replaced has the token U+FFFD.",
            enumeration = {"reject", "skip", "replace"},
            defaultValue = "reject")
        String unknown,
    @Schema(
            description = "The model: current, or a version that GET /models lists.",
            defaultValue = "current",
            examples = "current")
        String model) {
  /** The number of alternatives to report if the request does not say. */
  static final int DEFAULT_TOP = 5;

  /**
   * Returns the request that this body describes.
   *
   * @throws OutOfRangeException naming the first field that is out of its range
   */
  GenerationRequest toRequest(GenerationLimits limits) {
    int length = text == null ? 0 : text.codePointCount(0, text.length());
    if (length < 2 || length > limits.maxPromptTokens()) {
      throw new OutOfRangeException(
          "text",
          length + (length == 1 ? " character" : " characters"),
          "2 to " + limits.maxPromptTokens() + " characters");
    }
    int alternatives = Defaults.or(top, DEFAULT_TOP);
    if (alternatives < 0 || alternatives > GenerationRequest.MAX_LOGPROBS) {
      throw new OutOfRangeException("top", alternatives, "0 to " + GenerationRequest.MAX_LOGPROBS);
    }
    GenerationRequest request =
        GenerationRequest.builder(text, 0)
            .promptLogprobs(alternatives)
            .unknown(Defaults.unknown(unknown))
            .echo(true)
            .model(Defaults.or(model, GenerationRequest.CURRENT))
            .build();
    GenerationLimits.checkLogprobCount("top", request.logprobCount());
    return request;
  }
}
