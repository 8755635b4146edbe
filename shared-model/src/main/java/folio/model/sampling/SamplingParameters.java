package folio.model.sampling;

/**
 * The parameters by which the next character is chosen from its logits.
 *
 * @param temperature the divisor of the logits, 0.01 to 2; 0 selects the most likely character
 * @param topK the number of most likely characters that are eligible; 0 means all
 * @param topP the probability that the eligible characters, taken from the most likely one down,
 *     reach together, in (0, 1]; 1 means all (<a href="https://arxiv.org/abs/1904.09751">Holtzman
 *     et al.</a>)
 * @param minP the smallest probability of an eligible character as a fraction of the most likely
 *     character's, in [0, 1]; 0 means all (<a href="https://arxiv.org/abs/2407.01082">Nguyen et
 *     al.</a>)
 * @param repetitionPenalty the number that divides positive and multiplies negative logits of
 *     characters in the prompt or the text so far, in (0, 2]; 1 means none (<a
 *     href="https://arxiv.org/abs/1909.05858">Keskar et al.</a>)
 */
public record SamplingParameters(
    double temperature, int topK, double topP, double minP, double repetitionPenalty) {

  /** The smallest temperature that is not greedy. */
  public static final double LOWEST_TEMPERATURE = 0.01;

  /** The largest temperature. */
  public static final double HIGHEST_TEMPERATURE = 2;

  /** The largest repetition penalty. */
  public static final double HIGHEST_REPETITION_PENALTY = 2;

  /** The parameters that leave the distribution of the network unchanged. */
  public static final SamplingParameters DEFAULT = new SamplingParameters(1, 0, 1, 0, 1);

  /**
   * Checks every field.
   *
   * @throws OutOfRangeException if a field is out of its range; it names the first such field
   */
  public SamplingParameters {
    if (temperature != 0) {
      check(
          "temperature",
          temperature,
          temperature >= LOWEST_TEMPERATURE && temperature <= HIGHEST_TEMPERATURE,
          "0 (greedy), or " + LOWEST_TEMPERATURE + " to " + HIGHEST_TEMPERATURE);
    }
    check("top_k", topK, topK >= 0, "0 (all) or more");
    check("top_p", topP, topP > 0 && topP <= 1, "above 0, up to 1");
    check("min_p", minP, minP >= 0 && minP <= 1, "0 to 1");
    check(
        "repetition_penalty",
        repetitionPenalty,
        repetitionPenalty > 0 && repetitionPenalty <= HIGHEST_REPETITION_PENALTY,
        "above 0, up to " + HIGHEST_REPETITION_PENALTY);
  }

  /** Returns these parameters with another temperature. */
  public SamplingParameters withTemperature(double other) {
    return new SamplingParameters(other, topK, topP, minP, repetitionPenalty);
  }

  private static void check(String field, Number value, boolean legal, String range) {
    if (!legal) {
      throw new OutOfRangeException(field, value, range);
    }
  }
}
