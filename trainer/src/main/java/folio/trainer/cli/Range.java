package folio.trainer.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * The legal values of a numeric option.
 *
 * @param option the option's name with its dashes
 * @param lowest the lowest legal value
 * @param highest the highest legal value
 */
record Range(String option, double lowest, double highest) {
  /**
   * Checks a value.
   *
   * @param command the command whose usage the error refers to
   * @throws ParameterException if the value is outside the range or not a number
   */
  void check(double value, CommandSpec command) {
    if (!(value >= lowest && value <= highest)) {
      throw new ParameterException(
          command.commandLine(),
          String.format(
              "%s is %s; it must be %s to %s",
              option, written(value), written(lowest), written(highest)));
    }
  }

  /** Returns a number as a user would write it. */
  private static String written(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.valueOf((long) value)
        : String.valueOf(value);
  }
}
