package folio.inference.api.generate;

import folio.inference.generation.GenerationLimits;
import folio.inference.generation.GenerationRequest;
import folio.model.sampling.OutOfRangeException;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** {@code POST /score}, as it comes in. What is not given is null. */
@Schema(
    name = "ScoreRequest",
    description = "A text to be judged. An unknown field is refused.",
    requiredProperties = "text",
    example = "{\"text\": \"ROMEO:\\nWherefore art thou\", \"top\": 5}")
public record ScoreBody(
    @Schema(
            description = "At least two characters of the model's vocabulary.",
            examples = "To be, or not to be")
        String text,
    @Schema(
            description = "How many of the most likely characters to tell at every position.",
            minimum = "0",
            maximum = "20",
            defaultValue = "5")
        Integer top,
    @Schema(description = "current, or a version that is resident.", defaultValue = "current")
        String model) {
  static final int DEFAULT_TOP = 5;

  /**
   * The request that this asks for.
   *
   * @throws OutOfRangeException naming the first field that is out of its range
   */
  GenerationRequest toRequest(GenerationLimits limits) {
    int length = text == null ? 0 : text.codePointCount(0, text.length());
    if (length < 2 || length > limits.promptTokens()) {
      throw new OutOfRangeException(
          "text", length + " characters", "2 to " + limits.promptTokens() + " characters");
    }
    int alternatives = top == null ? DEFAULT_TOP : top;
    if (alternatives < 0 || alternatives > GenerationRequest.MAX_LOGPROBS) {
      throw new OutOfRangeException("top", alternatives, "0 to " + GenerationRequest.MAX_LOGPROBS);
    }
    GenerationLimits.checkLogprobCount("top", (long) length * (alternatives + 1));
    return GenerationRequest.scoring(
        text, alternatives, model == null ? GenerationRequest.CURRENT : model);
  }
}
