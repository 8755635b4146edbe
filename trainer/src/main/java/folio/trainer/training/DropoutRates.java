package folio.trainer.training;

/**
 * The dropout rates of training. An evaluation drops nothing.
 *
 * @param embedding the probability that a feature of the embedding is dropped, for a complete row
 * @param output the probability that a feature of a layer's output is dropped, for a complete row
 *     (<a href="https://arxiv.org/abs/1512.05287">Gal and Ghahramani</a>)
 * @param recurrentWeight the probability that a value of a layer's W_hh is dropped, for a complete
 *     batch (<a href="https://arxiv.org/abs/1708.02182">Merity et al.</a>)
 */
public record DropoutRates(double embedding, double output, double recurrentWeight) {

  /** The rates without any dropout. */
  public static final DropoutRates NONE = new DropoutRates(0, 0, 0);

  /**
   * Checks every rate.
   *
   * @throws IllegalArgumentException if a rate is not in [0, 1); the message names it
   */
  public DropoutRates {
    check("embedding dropout", embedding);
    check("output dropout", output);
    check("weight drop", recurrentWeight);
  }

  private static void check(String field, double rate) {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException(
          field + " is " + rate + "; it must be 0 (no dropout) or more, and below 1");
    }
  }
}
