package folio.trainer.corpus;

/**
 * How a corpus is divided for a run.
 *
 * @param rule the training, validation and test parts
 * @param fraction the fraction of the training part to take from its beginning, in (0, 1]
 * @param holdout the fraction of the taken part that is held out from its end, in [0, 1)
 */
public record Division(SplitRule rule, double fraction, double holdout) {
  /** The whole training part of the default split. */
  public static final Division DEFAULT = new Division(SplitRule.DEFAULT, 1, 0);
}
