package folio.trainer.cli;

import folio.trainer.run.PublishPolicy;
import folio.trainer.run.TrainingConfig;
import folio.trainer.run.TrainingConfig.BatchSelection;
import folio.trainer.run.TrainingConfig.BatchSelectionKind;
import folio.trainer.run.TrainingConfig.Intervals;
import folio.trainer.training.AdamW;
import folio.trainer.training.DropoutRates;
import folio.trainer.training.LearningRateSchedule;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The hyperparameters of {@code train} as options, whose defaults come from the preset. */
final class TrainingOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Mixin private NetworkOptions network;

  @Option(
      names = "--embedding-dropout",
      paramLabel = "RATE",
      description = "The dropout rate of the embedding, 0 to below 1; one mask per sequence.")
  private double embeddingDropout;

  @Option(
      names = "--output-dropout",
      paramLabel = "RATE",
      description = "The dropout rate of each layer's output, 0 to below 1; one mask per sequence.")
  private double outputDropout;

  @Option(
      names = "--weight-drop",
      paramLabel = "RATE",
      description = "The dropout rate of the recurrent weights, 0 to below 1; one mask per step.")
  private double weightDrop;

  @Option(
      names = "--sampling",
      paramLabel = "KIND",
      description =
          "random (substrings from anywhere) or streams (text in order, with the state"
              + " carried from step to step).")
  private BatchSelectionKind sampling;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "The number of sequences in a batch, 1 to 65536.")
  private int batch;

  @Option(
      names = "--length",
      paramLabel = "N",
      description = "The number of characters in a sequence, 1 to 65536.")
  private int length;

  @Option(
      names = "--reset-probability",
      paramLabel = "P",
      description = "The probability that a stream starts a step from a zero state, 0 to 1.")
  private double resetProbability;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "The number of optimizer steps of the whole run, 1 to 1 billion.")
  private long steps;

  @Option(
      names = "--learning-rate",
      paramLabel = "RATE",
      description = "The peak learning rate, 1e-8 to 10.")
  private double learningRate;

  @Option(
      names = "--beta1",
      paramLabel = "DECAY",
      description = "Adam's decay of the mean gradient, 0 to 0.99999.")
  private double beta1;

  @Option(
      names = "--beta2",
      paramLabel = "DECAY",
      description = "Adam's decay of the mean squared gradient, 0 to 0.99999.")
  private double beta2;

  @Option(
      names = "--weight-decay",
      paramLabel = "RATE",
      description = "The decoupled weight decay, 0 to 10; it applies to matrices only.")
  private double weightDecay;

  @Option(
      names = "--warmup-steps",
      paramLabel = "N",
      description =
          "The number of steps in which the learning rate rises to its peak, 0 to 1 billion.")
  private long warmupSteps;

  @Option(
      names = "--final-rate",
      paramLabel = "FRACTION",
      description =
          "The learning rate at the end of its cosine, as a fraction of the peak, 0 to 1;"
              + " 1 keeps it constant.")
  private double finalRate;

  @Option(
      names = "--clip-norm",
      paramLabel = "NORM",
      description = "The largest global gradient norm, up to 1 billion; 0 means no limit.")
  private double clipNorm;

  @Option(
      names = "--average-decay",
      paramLabel = "DECAY",
      description =
          "The decay of the moving average of the weights, 0 to 0.999999. The average is"
              + " evaluated and published; 0 means no average.")
  private double averageDecay;

  @Option(
      names = "--evaluate-every",
      paramLabel = "N",
      description = "The number of steps between evaluations, 1 to 1 billion.")
  private long evaluateEvery;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "The seed of all random numbers, a whole number of 64 bits.")
  private long seed = 1;

  @Option(
      names = "--fraction",
      paramLabel = "FRACTION",
      description = "The fraction of the training text to use, 0.000001 to 1.")
  private double fraction = 1;

  @Option(
      names = "--holdout",
      paramLabel = "FRACTION",
      description =
          "The fraction at the end of the training text that is held out to choose the"
              + " best checkpoint, 0 to 0.5; 0 means that the validation text chooses it.")
  private double holdout;

  @Option(
      names = "--publish",
      paramLabel = "POLICY",
      description =
          "improvements (every checkpoint with the lowest loss so far) or last (only the"
              + " network after the last step, evaluated once).")
  private PublishPolicy publish;

  /**
   * Checks the options and returns them as a configuration.
   *
   * @param save the number of steps between saved states; 0 means at every evaluation
   * @param view the number of steps between samples; 0 means at every evaluation
   * @throws ParameterException if an option is illegal; the message names it, its value and the
   *     legal range
   */
  TrainingConfig config(long save, long view) {
    check("--batch", batch, 1, 65_536);
    check("--length", length, 1, 65_536);
    check("--reset-probability", resetProbability, 0, 1);
    check("--steps", (double) steps, 1, 1e9);
    check("--learning-rate", learningRate, 1e-8, 10);
    check("--beta1", beta1, 0, 0.99999);
    check("--beta2", beta2, 0, 0.99999);
    check("--weight-decay", weightDecay, 0, 10);
    check("--warmup-steps", (double) warmupSteps, 0, 1e9);
    check("--final-rate", finalRate, 0, 1);
    check("--clip-norm", clipNorm, 0, 1e9);
    check("--average-decay", averageDecay, 0, 0.999999);
    check("--evaluate-every", (double) evaluateEvery, 1, 1e9);
    check("--fraction", fraction, 1e-6, 1);
    check("--holdout", holdout, 0, 0.5);
    check("--save-every", (double) save, 0, 1e9);
    check("--view-every", (double) view, 0, 1e9);
    try {
      return new TrainingConfig(
          network.config(),
          new DropoutRates(embeddingDropout, outputDropout, weightDrop),
          new BatchSelection(sampling, batch, length, resetProbability),
          new AdamW.Settings(beta1, beta2, weightDecay),
          new LearningRateSchedule(learningRate, warmupSteps, steps, finalRate),
          clipNorm,
          averageDecay,
          new Intervals(
              evaluateEvery, save == 0 ? evaluateEvery : save, view == 0 ? evaluateEvery : view),
          seed,
          fraction,
          holdout,
          publish,
          settings());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), e.getMessage(), e);
    }
  }

  private void check(String option, double value, double lowest, double highest) {
    new Range(option, lowest, highest).check(value, command);
  }

  /** Returns the value of every hyperparameter, by the name of its option. */
  private Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    CommandSpec own = command.mixins().get("hyperparameters");
    for (OptionSpec option : own.options()) {
      settings.put(option.longestName().substring(2), Objects.toString(option.getValue()));
    }
    return settings;
  }
}
