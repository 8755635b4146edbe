package folio.inference.generation;

import folio.model.sampling.OutOfRangeException;

/**
 * What this service accepts of a request.
 *
 * @param maxTokens most characters that one request may ask for
 * @param promptTokens longest prompt, in characters
 */
public record GenerationLimits(int maxTokens, int promptTokens) {
  /**
   * Checks a request.
   *
   * @return the request
   * @throws OutOfRangeException naming the field that exceeds a limit
   */
  public GenerationRequest check(GenerationRequest request) {
    int least = request.scoresPrompt() ? 0 : 1;
    if (request.maxTokens() < least || request.maxTokens() > maxTokens) {
      throw new OutOfRangeException("max_tokens", request.maxTokens(), least + " to " + maxTokens);
    }
    int length = request.prompt().codePointCount(0, request.prompt().length());
    if (length > promptTokens) {
      throw new OutOfRangeException(
          "prompt", length + " characters", "up to " + promptTokens + " characters");
    }
    return request;
  }
}
