package folio.trainer.cli;

import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The hyperparameters of {@code train} as options, whose defaults come from the preset. */
final class TrainingOptions {
  /** The legal values of {@code --head-activation}. */
  enum HeadActivation {
    AUTO,
    NONE,
    RELU
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--network",
      description =
          "plain (stacked GRU layers) or residual (each layer's output is added to its input).")
  private NetworkKind network;

  @Option(names = "--layers", description = "The number of GRU layers.")
  private int layers;

  @Option(names = "--hidden-size", description = "The width of every layer.")
  private int hiddenSize;

  @Option(
      names = "--embedding-size",
      description =
          "The width of the embedding; 0 means the hidden size in a plain network, 128 in a residual"
              + " one.")
  private int embeddingSize;

  @Option(
      names = "--embedding-activation",
      description = "The activation after the embedding: none, relu or tanh.")
  private Nonlinearity embeddingActivation;

  @Option(
      names = "--head-activation",
      description =
          "The activation before the output layer: none, relu or auto (relu in a plain network).")
  private HeadActivation headActivation;

  @Option(
      names = "--projection-size",
      description = "The width of a linear projection before the output layer; 0 means none.")
  private int projectionSize;

  @Option(
      names = "--tied",
      arity = "1",
      description = "Whether the output layer shares the embedding's weights: true or false.")
  private boolean tied;

  @Option(
      names = "--embedding-dropout",
      description = "The dropout rate of the embedding; one mask a sequence.")
  private double embeddingDropout;

  @Option(
      names = "--output-dropout",
      description = "The dropout rate of each layer's output; one mask a sequence.")
  private double outputDropout;

  @Option(
      names = "--weight-drop",
      description = "The dropout rate of the recurrent weights; one mask a step.")
  private double weightDrop;

  @Option(
      names = "--sampling",
      description =
          "random (substrings from anywhere) or streams (text in order, with the state carried from"
              + " step to step).")
  private BatchSelectionKind sampling;

  @Option(names = "--batch", description = "The number of sequences in a batch.")
  private int batch;

  @Option(names = "--length", description = "The number of characters in a sequence.")
  private int length;

  @Option(
      names = "--reset-probability",
      description = "The probability that a stream starts a step from a zero state.")
  private double resetProbability;

  @Option(names = "--steps", description = "The number of optimizer steps of the whole run.")
  private long steps;

  @Option(names = "--learning-rate", description = "The peak learning rate.")
  private double learningRate;

  @Option(names = "--beta1", description = "Adam's decay of the mean gradient.")
  private double beta1;

  @Option(names = "--beta2", description = "Adam's decay of the mean squared gradient.")
  private double beta2;

  @Option(
      names = "--weight-decay",
      description = "The decoupled weight decay; it applies to matrices only.")
  private double weightDecay;

  @Option(
      names = "--warmup-steps",
      description = "The number of steps in which the learning rate rises to its peak.")
  private long warmupSteps;

  @Option(
      names = "--final-rate",
      description =
          "The learning rate at the end of its cosine, as a part of the peak; 1 keeps it constant.")
  private double finalRate;

  @Option(
      names = "--clip-norm",
      description = "The largest global gradient norm; 0 means no limit.")
  private double clipNorm;

  @Option(
      names = "--average-decay",
      description =
          "The decay of the moving average of the weights, which is evaluated and published; 0 means"
              + " no average.")
  private double averageDecay;

  @Option(names = "--evaluate-every", description = "The number of steps between evaluations.")
  private long evaluateEvery;

  @Option(names = "--seed", description = "The seed of all random numbers.")
  private long seed = 1;

  @Option(names = "--fraction", description = "The part of the training text to use.")
  private double fraction = 1;

  @Option(
      names = "--holdout",
      description = {
        "The part at the end of the training text that is held out to decide which checkpoint is the"
            + " best; 0 means that the validation text decides."
      })
  private double holdout;

  @Option(
      names = "--publish",
      description =
          "improvements (every checkpoint with the lowest loss so far) or last (only the network"
              + " after the last step, evaluated once).")
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
          network(),
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

  private CharGruConfig network() {
    int embedding = embeddingSize == 0 ? network.defaultEmbeddingSize(hiddenSize) : embeddingSize;
    Nonlinearity head =
        switch (headActivation) {
          case AUTO -> network.defaultHeadActivation();
          case NONE -> Nonlinearity.NONE;
          case RELU -> Nonlinearity.RELU;
        };
    return new CharGruConfig(
        network,
        1,
        embedding,
        hiddenSize,
        layers,
        embeddingActivation,
        head,
        projectionSize == 0 ? null : projectionSize,
        tied);
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
