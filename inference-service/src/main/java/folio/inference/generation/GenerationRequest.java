package folio.inference.generation;

import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
import folio.model.sampling.StopTexts;
import folio.model.vocabulary.UnknownCharacters;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A valid request: every field is in its range and the seed is chosen. The prompt is encoded when
 * the request gets a slot, with the vocabulary of the model that runs it.
 *
 * @param prompt the text to continue, or to read after the text that led to the state; if it is
 *     empty and the request resumes from no state, the default prompt of the model's vocabulary
 * @param maxTokens the largest number of characters to generate; 0 only if the request scores or
 *     echoes its prompt
 * @param sampling the parameters that choose each character
 * @param seed the seed of every draw
 * @param stop the texts that end the generation; they are not part of the output
 * @param logprobs the number of alternatives to report for each generated character; 0 reports only
 *     the character's own log-probability, empty reports nothing
 * @param promptLogprobs the same for each character of the prompt after the first, which nothing
 *     predicts
 * @param unknown what happens to characters of the prompt that the model does not know
 * @param ignoresDocumentEnd whether the generation continues after the separator of the documents
 *     that the model was trained on; otherwise the separator ends it like a stop text
 * @param echo whether the output begins with the prompt
 * @param keepState whether the end of the generation reports the state to resume from
 * @param resumeFrom the state of another generation, which this one continues after its prompt
 * @param model {@value #CURRENT}, or the version that must run the request
 */
public record GenerationRequest(
    String prompt,
    int maxTokens,
    SamplingParameters sampling,
    long seed,
    List<String> stop,
    OptionalInt logprobs,
    OptionalInt promptLogprobs,
    UnknownCharacters unknown,
    boolean ignoresDocumentEnd,
    boolean echo,
    boolean keepState,
    Optional<SavedState> resumeFrom,
    String model) {

  /** The name of the model that new requests are sent to. */
  public static final String CURRENT = "current";

  /** The largest number of alternatives to report for a character. */
  public static final int MAX_LOGPROBS = 20;

  /**
   * Checks every range that does not depend on the limits of the service.
   *
   * @throws OutOfRangeException naming the first field that is out of its range
   */
  public GenerationRequest {
    StopTexts.check(stop);
    stop = List.copyOf(stop);
    checkAlternatives(logprobs);
    checkAlternatives(promptLogprobs);
  }

  private static void checkAlternatives(OptionalInt alternatives) {
    alternatives.ifPresent(
        count -> {
          if (count < 0 || count > MAX_LOGPROBS) {
            throw new OutOfRangeException("logprobs", count, "0 to " + MAX_LOGPROBS);
          }
        });
  }

  /**
   * Starts a request. Every field that the builder is not asked to set has its default.
   *
   * @param prompt the text to continue; empty for the default prompt
   * @param maxTokens the largest number of characters to generate
   */
  public static Builder builder(String prompt, int maxTokens) {
    return new Builder(prompt, maxTokens);
  }

  /** Returns whether the request asks for the log-probabilities of its prompt. */
  public boolean scoresPrompt() {
    return promptLogprobs.isPresent();
  }

  /** Returns whether the model's default prompt takes the place of the prompt. */
  public boolean hasDefaultPrompt() {
    return prompt.isEmpty() && resumeFrom.isEmpty();
  }

  /** Returns the length of the prompt in characters. */
  public int promptLength() {
    return hasDefaultPrompt() ? 1 : prompt.codePointCount(0, prompt.length());
  }

  /** Returns the largest number of log-probabilities in the answer, alternatives included. */
  public long logprobCount() {
    return (long) promptLength() * perCharacter(promptLogprobs)
        + (long) maxTokens * perCharacter(logprobs);
  }

  private static int perCharacter(OptionalInt alternatives) {
    return alternatives.isPresent() ? 1 + alternatives.getAsInt() : 0;
  }

  /**
   * A request in the making. The defaults: the distribution of the network as it is, seed 0, no
   * stop texts, no log-probabilities, unknown characters are rejected, no echo, no saved state, the
   * current model.
   */
  public static final class Builder {
    private final String prompt;
    private final int maxTokens;
    private SamplingParameters sampling = SamplingParameters.DEFAULT;
    private long seed;
    private List<String> stop = List.of();
    private OptionalInt logprobs = OptionalInt.empty();
    private OptionalInt promptLogprobs = OptionalInt.empty();
    private UnknownCharacters unknown = UnknownCharacters.REJECT;
    private boolean ignoresDocumentEnd;
    private boolean echo;
    private boolean keepState;
    private Optional<SavedState> resumeFrom = Optional.empty();
    private String model = CURRENT;

    private Builder(String prompt, int maxTokens) {
      this.prompt = prompt;
      this.maxTokens = maxTokens;
    }

    /** Sets the parameters that choose each character. */
    public Builder sampling(SamplingParameters parameters) {
      sampling = parameters;
      return this;
    }

    /** Sets the seed of every draw. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** Sets the texts that end the generation. */
    public Builder stop(List<String> texts) {
      stop = texts;
      return this;
    }

    /** Asks for the log-probability of each generated character and of so many alternatives. */
    public Builder logprobs(int alternatives) {
      logprobs = OptionalInt.of(alternatives);
      return this;
    }

    /** Asks for the log-probability of each prompt character and of so many alternatives. */
    public Builder promptLogprobs(int alternatives) {
      promptLogprobs = OptionalInt.of(alternatives);
      return this;
    }

    /** Sets what happens to characters of the prompt that the model does not know. */
    public Builder unknown(UnknownCharacters value) {
      unknown = value;
      return this;
    }

    /** Sets whether the generation continues where a document ends. */
    public Builder ignoresDocumentEnd(boolean value) {
      ignoresDocumentEnd = value;
      return this;
    }

    /** Sets whether the output begins with the prompt. */
    public Builder echo(boolean value) {
      echo = value;
      return this;
    }

    /** Sets whether the end of the generation reports the state to resume from. */
    public Builder keepState(boolean value) {
      keepState = value;
      return this;
    }

    /** Makes the request continue the generation that ended in a state. */
    public Builder resumeFrom(SavedState state) {
      resumeFrom = Optional.of(state);
      return this;
    }

    /** Sets the version that must run the request, or {@value GenerationRequest#CURRENT}. */
    public Builder model(String version) {
      model = version;
      return this;
    }

    /**
     * Returns the request.
     *
     * @throws OutOfRangeException naming the first field that is out of its range
     */
    public GenerationRequest build() {
      return new GenerationRequest(
          prompt,
          maxTokens,
          sampling,
          seed,
          stop,
          logprobs,
          promptLogprobs,
          unknown,
          ignoresDocumentEnd,
          echo,
          keepState,
          resumeFrom,
          model);
    }
  }
}
