package folio.inference.generation;

import folio.model.sampling.OutOfRangeException;

/**
 * What this service accepts of a request.
 *
 * @param maxTokens most characters that one request may ask for
 * @param promptTokens longest prompt, in characters
 */
public record GenerationLimits(int maxTokens, int promptTokens) {
  /** Some ten megabytes of JSON, which an event loop writes at once. */
  private static final long MAX_TOLD = 250_000;

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
    long told =
        (request.scoresPrompt() ? (long) length * (request.promptLogprobs() + 1) : 0)
            + (long) request.maxTokens() * (request.logprobs() + 1);
    checkLogprobCount("logprobs", told);
    return request;
  }

  /**
   * Checks how many log-probabilities an answer is to tell.
   *
   * @param field that asks for them
   * @throws OutOfRangeException if they are more than fit
   */
  public static void checkLogprobCount(String field, long told) {
    if (told > MAX_TOLD) {
      throw new OutOfRangeException(
          field,
          told + " log-probabilities",
          "up to " + MAX_TOLD + " in an answer, alternatives included");
    }
  }
}
