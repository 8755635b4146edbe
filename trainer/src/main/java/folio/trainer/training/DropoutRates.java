package folio.trainer.training;

/**
 * What is dropped while training; nothing is dropped at any other time.
 *
 * @param embedding probability of dropping a feature of the embedding, for a whole sequence
 * @param output probability of dropping a feature of a layer's output, for a whole sequence (<a
 *     href="https://arxiv.org/abs/1512.05287">Gal and Ghahramani</a>)
 * @param recurrentWeight probability of dropping a value of every W_hh, for a whole batch (<a
 *     href="https://arxiv.org/abs/1708.02182">Merity et al.</a>)
 */
public record DropoutRates(double embedding, double output, double recurrentWeight) {

  /** No dropout at all. */
  public static final DropoutRates NONE = new DropoutRates(0, 0, 0);

  /**
   * Checks every rate.
   *
   * @throws IllegalArgumentException naming the rate that is not in [0, 1)
   */
  public DropoutRates {
    check("embedding dropout", embedding);
    check("output dropout", output);
    check("weight drop", recurrentWeight);
  }

  private static void check(String field, double rate) {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException(
          field + " is " + rate + "; legal are 0 (none) up to, but not, 1");
    }
  }
}
