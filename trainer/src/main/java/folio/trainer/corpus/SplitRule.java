package folio.trainer.corpus;

import java.util.Locale;

/**
 * How a text is divided into training, validation and test parts, in this order.
 *
 * @param training the percentage for training, above 0
 * @param validation the percentage for validation, above 0
 * @param test the percentage for the test, 0 or more
 */
public record SplitRule(double training, double validation, double test) {
  /** The split of nanoGPT: no test part. */
  public static final SplitRule DEFAULT = new SplitRule(90, 10, 0);

  private static final double WHOLE = 100;
  private static final double ROUNDING = 1e-6;

  /**
   * Checks the percentages.
   *
   * @throws IllegalArgumentException if a percentage is illegal or their sum is not 100
   */
  public SplitRule {
    boolean legal = training > 0 && validation > 0 && test >= 0;
    if (!legal || Math.abs(training + validation + test - WHOLE) > ROUNDING) {
      throw new IllegalArgumentException(
          "the percentages for training and validation must be above 0, that for the test 0 or"
              + " more, and their sum 100");
    }
  }

  /**
   * Parses {@code TRAINING,VALIDATION} or {@code TRAINING,VALIDATION,TEST}.
   *
   * @throws IllegalArgumentException if the text has another form or a percentage is illegal; the
   *     message says what is legal
   */
  public static SplitRule parse(String text) {
    String[] parts = text.split(",", -1);
    if (parts.length < 2 || parts.length > 3) {
      throw new IllegalArgumentException("it must be two or three percentages, such as 80,10,10");
    }
    double[] percentages = new double[3];
    for (int i = 0; i < parts.length; i++) {
      try {
        percentages[i] = Double.parseDouble(parts[i].strip());
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("'" + parts[i] + "' is not a percentage", e);
      }
    }
    return new SplitRule(percentages[0], percentages[1], percentages[2]);
  }

  @Override
  public String toString() {
    String both = number(training) + "," + number(validation);
    return test == 0 ? both : both + "," + number(test);
  }

  private static String number(double percentage) {
    return percentage == Math.rint(percentage)
        ? String.valueOf((long) percentage)
        : String.format(Locale.ROOT, "%s", percentage);
  }
}
