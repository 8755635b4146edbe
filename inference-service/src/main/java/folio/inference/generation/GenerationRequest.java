package folio.inference.generation;

import folio.model.sampling.OutOfRangeException;
import folio.model.sampling.SamplingParameters;
import java.util.List;

/**
 * A request that can be run: every field is in its range and the seed is decided. Its prompt is
 * encoded when it gets a slot, by the vocabulary of the model that has the slot.
 *
 * @param prompt text to go on from; empty only if there is a state to go on from
 * @param maxTokens most characters to write; 0 only if the prompt's log-probabilities are asked for
 * @param sampling how characters are chosen
 * @param seed decides every draw
 * @param stop texts that end the generation; they are not part of the output
 * @param logprobs how many alternatives to tell for each character; 0 tells only its own
 *     log-probability, -1 nothing
 * @param promptLogprobs how many alternatives to tell for each character of the prompt but the
 *     first, which nothing predicts; -1 tells nothing of the prompt
 * @param echo whether the output begins with the prompt
 * @param keepState whether to tell where it stops
 * @param state where another generation stopped that this one continues, or null
 * @param model {@value #CURRENT}, or the version that must run it
 */
public record GenerationRequest(
    String prompt,
    int maxTokens,
    SamplingParameters sampling,
    long seed,
    List<String> stop,
    int logprobs,
    int promptLogprobs,
    boolean echo,
    boolean keepState,
    SavedState state,
    String model) {

  /** The model that new requests go to. */
  public static final String CURRENT = "current";

  /** Most texts in {@code stop}. */
  public static final int MAX_STOPS = 8;

  /** Longest text in {@code stop}, in code points. */
  public static final int MAX_STOP_LENGTH = 64;

  /** Most alternatives told for a character. */
  public static final int MAX_LOGPROBS = 20;

  /**
   * Checks what does not depend on the service's limits.
   *
   * @throws OutOfRangeException naming the first field that is out of its range
   */
  public GenerationRequest {
    stop = List.copyOf(stop);
    if (prompt.isEmpty() && state == null) {
      throw new OutOfRangeException("prompt", "empty", "at least one character");
    }
    if (stop.size() > MAX_STOPS) {
      throw new OutOfRangeException(
          "stop", stop.size() + " texts", "up to " + MAX_STOPS + " texts");
    }
    for (String text : stop) {
      int length = text.codePointCount(0, text.length());
      if (length < 1 || length > MAX_STOP_LENGTH) {
        throw new OutOfRangeException(
            "stop", length + " characters", "texts of 1 to " + MAX_STOP_LENGTH + " characters");
      }
    }
    if (logprobs > MAX_LOGPROBS || logprobs < -1) {
      throw new OutOfRangeException("logprobs", logprobs, "0 to " + MAX_LOGPROBS);
    }
    if (promptLogprobs > MAX_LOGPROBS || promptLogprobs < -1) {
      throw new OutOfRangeException("logprobs", promptLogprobs, "0 to " + MAX_LOGPROBS);
    }
  }

  /** A request that asks nothing of its prompt. */
  public GenerationRequest(
      String prompt,
      int maxTokens,
      SamplingParameters sampling,
      long seed,
      List<String> stop,
      int logprobs,
      boolean echo,
      String model) {
    this(prompt, maxTokens, sampling, seed, stop, logprobs, -1, echo, false, null, model);
  }

  /** A request to tell how likely a text is, and to write nothing. */
  public static GenerationRequest scoring(String text, int alternatives, String model) {
    return new GenerationRequest(
        text,
        0,
        SamplingParameters.DEFAULT,
        0,
        List.of(),
        -1,
        alternatives,
        false,
        false,
        null,
        model);
  }

  /** Whether the prompt's log-probabilities are to be told. */
  public boolean scoresPrompt() {
    return promptLogprobs >= 0;
  }
}
