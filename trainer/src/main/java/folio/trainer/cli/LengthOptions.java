package folio.trainer.cli;

import folio.trainer.run.RunLength;
import folio.trainer.run.RunLength.Limits;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options for the length of a run, of which only one may be given. */
final class LengthOptions {
  /** The largest number of steps of a run. */
  static final long MAX_STEPS = 1_000_000_000;

  private static final Limits UPPER = new Limits(1, MAX_STEPS, 0, 0);

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description =
          "The length of the whole run in optimizer steps, 1 to 1 billion. Of --steps, --epochs and"
              + " --minutes, only one may be given.")
  private Long steps;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description =
          "The length of the whole run in readings of the training text, 0.000001 to 1 million. The"
              + " length that a preset sets stays within the preset's range of steps.")
  private Double epochs;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      description =
          "The length of the whole run in minutes on this machine, 0.01 to 1 million. A measurement"
              + " at the start turns it into steps.")
  private Double minutes;

  @Option(names = "--min-steps", hidden = true, description = "The least steps of a preset.")
  private long minSteps = 1;

  @Option(names = "--max-steps", hidden = true, description = "The most steps of a preset.")
  private long maxSteps = MAX_STEPS;

  @Option(
      names = "--short-text-epochs",
      hidden = true,
      description = "How often a preset reads a short text.")
  private double shortTextEpochs;

  @Option(
      names = "--short-text-steps",
      hidden = true,
      description = "The most steps for which a preset reads a short text that often.")
  private long shortTextSteps;

  private boolean isGiven(String option) {
    return command.commandLine().getParseResult().hasMatchedOption(option);
  }

  /** Returns the length of the run, in the unit of the option that sets it. */
  RunLength inUnits() {
    List<String> given =
        Stream.of("--steps", "--epochs", "--minutes").filter(this::isGiven).toList();
    if (given.size() > 1) {
      throw new ParameterException(
          command.commandLine(),
          String.join(" and ", given) + " are given; the length of a run needs only one of them");
    }
    String unit = given.isEmpty() ? steps != null ? "--steps" : "--epochs" : given.get(0);
    return switch (unit) {
      case "--steps" -> {
        new Range(unit, 1, MAX_STEPS).check((double) steps, command);
        yield new RunLength(RunLength.Unit.STEPS, steps, UPPER);
      }
      case "--minutes" -> {
        new Range(unit, 0.01, 1e6).check(minutes, command);
        // The measurement at the beginning of a resumed run counts.
        yield String.valueOf(minutes).equals(saved("--minutes"))
            ? new RunLength(RunLength.Unit.STEPS, Long.parseLong(saved("--steps")), UPPER)
            : new RunLength(RunLength.Unit.MINUTES, minutes, UPPER);
      }
      default -> {
        new Range(unit, 1e-6, 1e6).check(epochs, command);
        Limits ofPreset = new Limits(minSteps, maxSteps, shortTextEpochs, shortTextSteps);
        yield new RunLength(RunLength.Unit.EPOCHS, epochs, given.isEmpty() ? ofPreset : UPPER);
      }
    };
  }

  /** Returns the value of an option in the run that is resumed, or in the preset; or null. */
  private String saved(String option) {
    return ((Presets) command.commandLine().getDefaultValueProvider())
        .defaultValue(command.findOption(option));
  }

  /** Removes from the settings of a run what its steps have replaced. */
  void resolve(Map<String, String> settings) {
    settings
        .keySet()
        .removeAll(
            Set.of("epochs", "min-steps", "max-steps", "short-text-epochs", "short-text-steps"));
    if (minutes == null || isGiven("--steps") || isGiven("--epochs")) {
      settings.remove("minutes");
    }
  }
}
