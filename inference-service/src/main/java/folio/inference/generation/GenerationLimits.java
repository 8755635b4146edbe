package folio.inference.generation;

import folio.model.sampling.OutOfRangeException;

/**
 * The limits of this service on a request.
 *
 * @param maxTokens the largest legal {@code max_tokens}, in characters
 * @param maxPromptTokens the length of the longest legal prompt, in characters
 */
public record GenerationLimits(int maxTokens, int maxPromptTokens) {
  /**
   * The largest number of log-probabilities in an answer. They take about ten megabytes of JSON,
   * which an event loop writes at once.
   */
  private static final long MAX_LOGPROBS_PER_ANSWER = 250_000;

  /**
   * Checks a request against these limits.
   *
   * @return the request
   * @throws OutOfRangeException naming the field that exceeds a limit
   */
  public GenerationRequest check(GenerationRequest request) {
    int least = mayWriteNothing(request) ? 0 : 1;
    if (request.maxTokens() < least || request.maxTokens() > maxTokens) {
      throw new OutOfRangeException("max_tokens", request.maxTokens(), least + " to " + maxTokens);
    }
    int length = request.promptLength();
    if (length > maxPromptTokens) {
      throw new OutOfRangeException(
          "prompt", length + " characters", "up to " + maxPromptTokens + " characters");
    }
    checkLogprobCount("logprobs", request.logprobCount());
    return request;
  }

  /** A request may only score or echo its prompt; a state would have no last character. */
  private static boolean mayWriteNothing(GenerationRequest request) {
    return request.scoresPrompt()
        || (request.echo() && request.resumeFrom().isEmpty() && !request.keepState());
  }

  /**
   * Checks how many log-probabilities an answer would hold.
   *
   * @param field the name of the field that asks for them
   * @param count the number of log-probabilities, alternatives included
   * @throws OutOfRangeException if an answer cannot hold so many
   */
  public static void checkLogprobCount(String field, long count) {
    if (count > MAX_LOGPROBS_PER_ANSWER) {
      throw new OutOfRangeException(
          field,
          count + " log-probabilities",
          "up to " + MAX_LOGPROBS_PER_ANSWER + " in an answer, alternatives included");
    }
  }
}
