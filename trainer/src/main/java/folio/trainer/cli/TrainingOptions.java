package folio.trainer.cli;

import ai.djl.Device;
import folio.model.network.CharGruConfig;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.TextStructure;
import folio.trainer.run.PublishPolicy;
import folio.trainer.run.TrainingConfig;
import folio.trainer.run.TrainingConfig.BatchSelection;
import folio.trainer.run.TrainingConfig.BatchSelectionKind;
import folio.trainer.run.TrainingConfig.Intervals;
import folio.trainer.training.AdamW;
import folio.trainer.training.DropoutRates;
import folio.trainer.training.LearningRateSchedule;
import folio.trainer.training.Precision;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The hyperparameters of {@code train} as options, whose defaults come from the preset. */
final class TrainingOptions {
  private static final long MAX_STEPS = LengthOptions.MAX_STEPS;

  /** The number of evaluations of a run that is shorter than its preset expects. */
  private static final int LEAST_EVALUATIONS = 4;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Mixin private NetworkOptions network;
  @Mixin private LengthOptions runLength;
  @Mixin private DivisionOptions division;

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
      names = "--logit-scale",
      paramLabel = "FACTOR",
      description =
          "The factor of the logits in the training loss, 0.1 to 10. Above 1, the published network is"
              + " less sure than the trained one; evaluate prints the factor that suits a text, after a run"
              + " with --calibrate false.")
  private double logitScale;

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
      names = "--patience",
      paramLabel = "N",
      description =
          "End the run after this many evaluations without an improvement, 1 to 1 million; 0 means"
              + " never.")
  private int patience;

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
      names = "--publish",
      paramLabel = "POLICY",
      description =
          "improvements (every checkpoint with the lowest loss so far) or last (only the"
              + " network after the last step, evaluated once).")
  private PublishPolicy publish;

  @Option(
      names = "--calibrate",
      paramLabel = "true|false",
      arity = "1",
      showDefaultValue = Visibility.ALWAYS,
      description =
          "Whether the checkpoint of the network that is selected at the end is replaced by one whose"
              + " logits are divided by the temperature of the lowest loss, 0.67 to 1.49, on a sample"
              + " of the part that selected it.")
  private boolean calibrate;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      description =
          "The data type of large products: float32, float16, bfloat16 or auto (float16 on a GPU,"
              + " bfloat16 on a CPU that multiplies it faster, else float32). Weights, optimizer and"
              + " loss are float32 in any case.")
  private Precision precision;

  private long saveEvery;
  private long viewEvery;
  private CharGruConfig parent;

  /**
   * Checks the options before the text is read.
   *
   * @param save the number of steps between saved states; 0 means at every evaluation
   * @param view the number of steps between samples; 0 means at every evaluation
   * @param from the network whose weights the run begins with, or null
   * @throws ParameterException if an option is illegal; the message names it, its value and the
   *     legal range
   */
  void check(long save, long view, CharGruConfig from) {
    saveEvery = save;
    viewEvery = view;
    parent = from;
    check("--batch", batch, 1, 65_536);
    check("--length", length, 1, 65_536);
    check("--reset-probability", resetProbability, 0, 1);
    check("--logit-scale", logitScale, 0.1, 10);
    check("--learning-rate", learningRate, 1e-8, 10);
    check("--beta1", beta1, 0, 0.99999);
    check("--beta2", beta2, 0, 0.99999);
    check("--weight-decay", weightDecay, 0, 10);
    check("--warmup-steps", (double) warmupSteps, 0, MAX_STEPS);
    check("--final-rate", finalRate, 0, 1);
    check("--clip-norm", clipNorm, 0, 1e9);
    check("--average-decay", averageDecay, 0, 0.999999);
    check("--evaluate-every", (double) evaluateEvery, 1, MAX_STEPS);
    division.check();
    check("--save-every", (double) save, 0, MAX_STEPS);
    check("--view-every", (double) view, 0, MAX_STEPS);
    check("--patience", patience, 0, 1e6);
    if (patience > 0 && publish == PublishPolicy.LAST && !division.holdsOut()) {
      throw new ParameterException(
          command.commandLine(),
          "--patience is "
              + patience
              + ", but with --publish last no loss is measured before the end; it must be 0, or"
              + " --publish improvements");
    }
    runLength.inUnits();
    config(1, 1);
  }

  /**
   * Checks that a device has the precision.
   *
   * @throws ParameterException if it does not
   */
  void checkPrecision(Device where) {
    try {
      precision.on(where);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          command.commandLine(), e.getMessage().replace("the precision", "--precision"), e);
    }
  }

  private boolean isGiven(String option) {
    return command.commandLine().getParseResult().hasMatchedOption(option);
  }

  private Presets defaults() {
    return (Presets) command.commandLine().getDefaultValueProvider();
  }

  /** Returns the number of characters of the training part. */
  long trainingLength(Corpus text) {
    return text.split(text.vocabulary(), division.division()).training().length();
  }

  /** Returns the documents and the vocabulary of the text. */
  TextStructure structure() {
    return division.structure();
  }

  /** Returns the configuration of a run of one step, to measure it. */
  TrainingConfig oneStep(long textLength) {
    return config(textLength, 1);
  }

  /**
   * Returns the options as a configuration.
   *
   * @param textLength the number of characters of the training part
   * @param secondsPerStep the measured time of a step
   * @param notes receives a line for each option that a preset sets and the text is too short for
   */
  TrainingConfig config(long textLength, double secondsPerStep, Consumer<String> notes) {
    BatchSelection batches = batches(textLength);
    if (batches.batchSize() != batch || batches.sequenceLength() != length) {
      notes.accept(
          String.format(
              "--batch is %d and --length %d instead of %d and %d, because the training text has"
                  + " only %,d characters",
              batches.batchSize(), batches.sequenceLength(), batch, length, textLength));
    }
    long charactersPerStep = (long) batches.batchSize() * batches.sequenceLength();
    return config(
        textLength, runLength.inUnits().steps(textLength, charactersPerStep, secondsPerStep));
  }

  /** Returns the batch size and length, lowered for a short text unless the user chose them. */
  private BatchSelection batches(long textLength) {
    int sequences = batch;
    int characters = length;
    if (!isGiven("--length")) {
      characters = (int) Math.max(1, Math.min(length, textLength - 1));
    }
    if (!isGiven("--batch") && sampling == BatchSelectionKind.STREAMS) {
      sequences = (int) Math.max(1, Math.min(batch, textLength / characters));
    }
    return new BatchSelection(sampling, sequences, characters, resetProbability);
  }

  private TrainingConfig config(long textLength, long totalSteps) {
    BatchSelection batches = batches(textLength);
    long evaluate =
        isGiven("--evaluate-every") || defaults().resumes()
            ? evaluateEvery
            : Math.max(1, Math.min(evaluateEvery, totalSteps / LEAST_EVALUATIONS));
    long warmup =
        isGiven("--warmup-steps") || defaults().resumes()
            ? warmupSteps
            : Math.min(warmupSteps, totalSteps / 4);
    Map<String, String> settings = settings();
    settings.put("steps", String.valueOf(totalSteps));
    settings.put("batch", String.valueOf(batches.batchSize()));
    settings.put("length", String.valueOf(batches.sequenceLength()));
    settings.put("evaluate-every", String.valueOf(evaluate));
    settings.put("warmup-steps", String.valueOf(warmup));
    try {
      if (parent != null) {
        settings.putAll(NetworkOptions.settings(parent));
      }
      return new TrainingConfig(
          parent == null ? network.config() : network.config(parent),
          new DropoutRates(embeddingDropout, outputDropout, weightDrop),
          logitScale,
          batches,
          new AdamW.Settings(beta1, beta2, weightDecay),
          new LearningRateSchedule(learningRate, warmup, totalSteps, finalRate),
          clipNorm,
          averageDecay,
          new Intervals(
              evaluate,
              saveEvery == 0 ? evaluate : saveEvery,
              viewEvery == 0 ? evaluate : viewEvery),
          precision,
          seed,
          division.division(),
          publish,
          calibrate,
          patience,
          settings);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), withOptions(e.getMessage()), e);
    }
  }

  /** Returns a message about the fields of a configuration with the options that set them. */
  private static String withOptions(String message) {
    return message
        .replaceAll("\\b(hidden|embedding|projection)_size\\b", "--$1-size")
        .replaceAll("\\b(embedding|output) dropout\\b", "--$1-dropout")
        .replaceAll("\\bweight drop\\b", "--weight-drop")
        .replaceAll("\\blayers is\\b", "--layers is")
        .replaceAll("\\btied weights\\b", "--tied");
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
    runLength.resolve(settings);
    return settings;
  }
}
