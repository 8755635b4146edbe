package folio.model.sampling;

/**
 * How the next character is chosen from its logits.
 *
 * @param temperature divides the logits; 0 takes the most likely character, else 0.01 to 2
 * @param topK only this many of the most likely characters are eligible; 0 means all
 * @param topP only the most likely characters that together reach this probability are eligible, in
 *     (0, 1]; 1 means all (<a href="https://arxiv.org/abs/1904.09751">Holtzman et al.</a>)
 * @param minP only characters at least this fraction as likely as the most likely one are eligible,
 *     in [0, 1]; 0 means all (<a href="https://arxiv.org/abs/2407.01082">Nguyen et al.</a>)
 * @param repetitionPenalty divides positive and multiplies negative logits of characters that the
 *     prompt or the text holds already, in (0, 2]; 1 means none (<a
 *     href="https://arxiv.org/abs/1909.05858">Keskar et al.</a>)
 */
public record SamplingParameters(
    double temperature, int topK, double topP, double minP, double repetitionPenalty) {

  /** Smallest temperature that is not greedy. */
  public static final double LOWEST_TEMPERATURE = 0.01;

  /** Largest temperature. */
  public static final double HIGHEST_TEMPERATURE = 2;

  /** Largest repetition penalty. */
  public static final double HIGHEST_REPETITION_PENALTY = 2;

  /** The distribution of the network as it is. */
  public static final SamplingParameters DEFAULT = new SamplingParameters(1, 0, 1, 0, 1);

  /**
   * Checks every field.
   *
   * @throws OutOfRangeException naming the first field that is out of its range
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

  /** These parameters with another temperature. */
  public SamplingParameters withTemperature(double other) {
    return new SamplingParameters(other, topK, topP, minP, repetitionPenalty);
  }

  private static void check(String field, Number value, boolean legal, String range) {
    if (!legal) {
      throw new OutOfRangeException(field, value, range);
    }
  }
}
