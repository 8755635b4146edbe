package folio.trainer.cli;

import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.trainer.run.PublishPolicy;
import folio.trainer.run.TrainingConfig;
import folio.trainer.run.TrainingConfig.Intervals;
import folio.trainer.run.TrainingConfig.Sampling;
import folio.trainer.run.TrainingConfig.SamplingKind;
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

/** The hyperparameters as options. What is not given comes from the preset. */
final class TrainingOptions {
  /** What stands before the head; auto is relu in a plain network, none in a residual one. */
  enum HeadActivation {
    AUTO,
    NONE,
    RELU
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(names = "--network", description = "plain or residual.")
  private NetworkKind network;

  @Option(names = "--layers", description = "GRU layers.")
  private int layers;

  @Option(names = "--hidden-size", description = "Width of every layer.")
  private int hiddenSize;

  @Option(
      names = "--embedding-size",
      description = "Width of a character's embedding; 0: as wide as a plain network, else 128.")
  private int embeddingSize;

  @Option(names = "--embedding-activation", description = "After the embedding: none, relu, tanh.")
  private Nonlinearity embeddingActivation;

  @Option(
      names = "--head-activation",
      description = "Before the head: none, relu, or auto (relu in a plain network).")
  private HeadActivation headActivation;

  @Option(
      names = "--projection-size",
      description = "Width of a linear map before the head; 0: none.")
  private int projectionSize;

  @Option(names = "--tied", arity = "1", description = "Head shares the embedding: true, false.")
  private boolean tied;

  @Option(names = "--embedding-dropout", description = "Rate, held over a sequence.")
  private double embeddingDropout;

  @Option(names = "--output-dropout", description = "Rate on each layer, held over a sequence.")
  private double outputDropout;

  @Option(names = "--weight-drop", description = "Rate on the recurrent weights, a step.")
  private double weightDrop;

  @Option(
      names = "--sampling",
      description = "random: substrings; streams: text in order, state carried.")
  private SamplingKind sampling;

  @Option(names = "--batch", description = "Sequences a step.")
  private int batch;

  @Option(names = "--length", description = "Characters a sequence.")
  private int length;

  @Option(
      names = "--reset-probability",
      description = "That a stream starts from a zero state, a step.")
  private double resetProbability;

  @Option(names = "--steps", description = "Optimizer steps of the whole run.")
  private long steps;

  @Option(names = "--learning-rate", description = "Peak learning rate.")
  private double learningRate;

  @Option(names = "--beta1", description = "Adam's decay of the mean.")
  private double beta1;

  @Option(names = "--beta2", description = "Adam's decay of the mean square.")
  private double beta2;

  @Option(names = "--weight-decay", description = "Decoupled, on matrices only.")
  private double weightDecay;

  @Option(names = "--warmup-steps", description = "Steps until the peak learning rate.")
  private long warmupSteps;

  @Option(
      names = "--final-rate",
      description = "Part of the peak that the cosine ends at; 1: constant.")
  private double finalRate;

  @Option(names = "--clip-norm", description = "Largest global gradient norm; 0: any.")
  private double clipNorm;

  @Option(names = "--average-decay", description = "Of the moving average of the weights; 0: none.")
  private double averageDecay;

  @Option(names = "--evaluate-every", description = "Steps between evaluations.")
  private long evaluateEvery;

  @Option(names = "--seed", description = "Decides every draw.")
  private long seed = 1;

  @Option(names = "--fraction", description = "Part of the training text to use.")
  private double fraction = 1;

  @Option(
      names = "--holdout",
      description = {
        "Part of the training text, its end, that is not trained on but decides what an improvement",
        "is; 0: the validation text does."
      })
  private double holdout;

  @Option(
      names = "--publish",
      description =
          "improvements; or last: the network after the last step, chosen by nothing and scored"
              + " once.")
  private PublishPolicy publish;

  private record Range(String option, double value, double lowest, double highest) {}

  /**
   * The options as a checked configuration.
   *
   * @param save steps between saved states; 0: at every evaluation
   * @param view steps between looks at predictions; 0: at every evaluation
   * @throws ParameterException naming the option, its value and the legal range
   */
  TrainingConfig config(long save, long view) {
    Range[] ranges = {
      new Range("--batch", batch, 1, 65_536),
      new Range("--length", length, 1, 65_536),
      new Range("--reset-probability", resetProbability, 0, 1),
      new Range("--steps", steps, 1, 1e9),
      new Range("--learning-rate", learningRate, 1e-8, 10),
      new Range("--beta1", beta1, 0, 0.99999),
      new Range("--beta2", beta2, 0, 0.99999),
      new Range("--weight-decay", weightDecay, 0, 10),
      new Range("--warmup-steps", warmupSteps, 0, 1e9),
      new Range("--final-rate", finalRate, 0, 1),
      new Range("--clip-norm", clipNorm, 0, 1e9),
      new Range("--average-decay", averageDecay, 0, 0.999999),
      new Range("--evaluate-every", evaluateEvery, 1, 1e9),
      new Range("--fraction", fraction, 1e-6, 1),
      new Range("--holdout", holdout, 0, 0.5),
      new Range("--save-every", save, 0, 1e9),
      new Range("--view-every", view, 0, 1e9),
    };
    for (Range range : ranges) {
      if (!(range.value() >= range.lowest() && range.value() <= range.highest())) {
        throw refuse(
            String.format(
                "%s is %s; legal are %s to %s",
                range.option(),
                number(range.value()),
                number(range.lowest()),
                number(range.highest())));
      }
    }
    try {
      return new TrainingConfig(
          network(),
          new DropoutRates(embeddingDropout, outputDropout, weightDrop),
          new Sampling(sampling, batch, length, resetProbability),
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
      throw refuse(e.getMessage());
    }
  }

  private CharGruConfig network() {
    boolean plain = network == NetworkKind.PLAIN;
    int embedding = embeddingSize != 0 ? embeddingSize : plain ? hiddenSize : 128;
    Nonlinearity head =
        switch (headActivation) {
          case AUTO -> plain ? Nonlinearity.RELU : Nonlinearity.NONE;
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

  /** Every hyperparameter by option name, as given or as the preset has it. */
  private Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    CommandSpec own = command.mixins().get("hyperparameters");
    for (OptionSpec option : own.options()) {
      settings.put(option.longestName().substring(2), Objects.toString(option.getValue()));
    }
    return settings;
  }

  private ParameterException refuse(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  /** A value as a user would write it. */
  static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.valueOf((long) value)
        : String.valueOf(value);
  }
}
