package folio.trainer.run;

import folio.model.network.CharGruConfig;
import folio.model.sampling.SamplingParameters;
import folio.model.text.PrintableText;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.corpus.Corpus;
import folio.trainer.evaluation.Prediction;
import folio.trainer.evaluation.TextGenerator;
import folio.trainer.evaluation.TrainedModel;
import folio.trainer.publication.Publisher;
import folio.trainer.report.Console;
import folio.trainer.report.Durations;
import folio.trainer.report.PredictionView;
import folio.trainer.report.RunReport;
import folio.trainer.training.TrainStep;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The reporter of a run: it reports progress and end to the terminal, the log and the report. Owned
 * by the training thread.
 */
final class RunReporter implements AutoCloseable {
  private static final int PREDICTED_CHARACTERS = 160;
  private static final int SAMPLE_CHARACTERS = 200;

  private static final SamplingParameters SAMPLE = SamplingParameters.DEFAULT.withTemperature(0.8);

  private final RunContext context;
  private final TrainingConfig config;
  private final OverfitDetector overfitting = new OverfitDetector();
  private final TrainedModel model;
  private final Console console;
  private final RunLog log;
  private final RunFolder folder;
  private Corpus.Split text;
  private long reportedStep;
  private long reportedNanos = System.nanoTime();
  private double lossSinceEvaluation;
  private long stepsSinceEvaluation;
  private boolean calibrated;

  /**
   * Creates the reporter of a run.
   *
   * @param step the number of steps taken before; 0 begins a new metrics file
   * @param run the identifier of the run
   * @param model the network that is evaluated and published; the caller closes it
   */
  RunReporter(
      RunContext context, TrainingConfig config, long step, String run, TrainedModel model) {
    this.context = context;
    this.config = config;
    this.model = model;
    this.reportedStep = step;
    this.folder = context.folder();
    this.log = new RunLog(context, run, step);
    this.console =
        new Console(
            context.out(),
            context.terminal(),
            new Console.Task("train", "step", step, config.schedule().totalSteps()));
  }

  /**
   * Reports the corpus and the network that the run starts with, how long it will take and whether
   * its checkpoints will be served.
   *
   * @param vocabulary the vocabulary of the network
   * @param state the state that the run continues or begins with
   */
  void begin(
      CharGruConfig architecture, Vocabulary vocabulary, Corpus.Split parts, RunState state) {
    this.text = parts;
    new RunIntroduction(context, config, reportedStep)
        .print(console, architecture, vocabulary, parts, state);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("corpus", context.corpus().description());
    fields.put("parameters", architecture.parameterCount());
    fields.put("steps", config.schedule().totalSteps());
    fields.put("characters_per_step", config.charactersPerStep());
    fields.put("settings", config.settings());
    fields.put("command", context.command());
    writeEvent(reportedStep == 0 ? "begin" : "resume", reportedStep, fields);
  }

  /** Moves the progress bar, and returns whether it is time to call {@link #progress}. */
  boolean stepped(long step) {
    console.step(step);
    return System.nanoTime() - reportedNanos > console.intervalNanos();
  }

  /**
   * Reports training loss and speed since the last call; does nothing if no step was taken since.
   *
   * @param learningRate the learning rate of the last step
   */
  void progress(long step, TrainStep.Progress progress, double learningRate) {
    if (step == reportedStep) {
      return;
    }
    long now = System.nanoTime();
    long characters = (step - reportedStep) * config.charactersPerStep();
    double perSecond = characters / ((now - reportedNanos) / 1e9);
    lossSinceEvaluation += progress.lossNats() * (step - reportedStep);
    stepsSinceEvaluation += step - reportedStep;
    reportedStep = step;
    reportedNanos = now;
    console.progress(step, new Console.Speed(progress.lossNats(), learningRate, perSecond));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("training_loss_nats", progress.lossNats());
    fields.put("gradient_norm", progress.gradientNorm());
    if (progress.skippedSteps() > 0) {
      fields.put("skipped_steps", progress.skippedSteps());
    }
    fields.put("learning_rate", learningRate);
    fields.put("characters_per_second", perSecond);
    writeEvent("progress", step, fields);
  }

  /**
   * Reports an evaluation.
   *
   * @param losses in nats, by protocol
   * @param selectionLoss the loss by which networks are selected; null if nothing was measured
   * @return the mean training loss since the evaluation before, in nats; null if no step was
   *     reported since
   */
  Double evaluated(long step, Map<String, Double> losses, Double selectionLoss) {
    Double training = stepsSinceEvaluation == 0 ? null : lossSinceEvaluation / stepsSinceEvaluation;
    lossSinceEvaluation = 0;
    stepsSinceEvaluation = 0;
    String line = "step " + step + inUnits(losses);
    console.line(training == null ? line : line + "; training " + inUnits(training));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("training_loss_nats", training);
    fields.put("loss_nats", losses);
    Map<String, Double> bits = new LinkedHashMap<>();
    losses.forEach((protocol, loss) -> bits.put(protocol, loss / Math.log(2)));
    fields.put("bits_per_character", bits);
    writeEvent("evaluation", step, fields);
    overfitting.evaluated(step, training, selectionLoss).ifPresent(console::warn);
    restartClock();
    return training;
  }

  /** Reports that the loss did not improve for too many evaluations. */
  void outOfPatience(long step, int patience) {
    console.line(
        "stopping after step "
            + step
            + ": "
            + patience
            + " evaluations brought no improvement (--patience)");
  }

  /**
   * Reports the losses of the selected network that are measured once, at the end.
   *
   * @param step the step of the selected network
   * @param validation by protocol, in nats
   * @param test by protocol, in nats; null without a test part
   */
  void measured(long step, Map<String, Double> validation, Map<String, Double> test) {
    console.line("step " + step + ", the whole validation part" + inUnits(validation));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("validation_loss_nats", validation);
    if (test != null) {
      console.line("step " + step + ", the test part" + inUnits(test));
      fields.put("test_loss_nats", test);
    }
    writeEvent("measured", step, fields);
  }

  /**
   * Reports that the logits of the selected network have been divided by a temperature.
   *
   * @param step the step of the selected network
   * @param validation the losses with the divided logits by protocol, in nats
   */
  void calibrated(long step, double temperature, Map<String, Double> validation) {
    console.line(
        String.format("step %d, logits divided by %.2f%s", step, temperature, inUnits(validation)));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("calibration_temperature", temperature);
    fields.put("validation_loss_nats", validation);
    writeEvent("calibrated", step, fields);
    calibrated = true;
  }

  /** Reports why the selected network is left as it is. */
  void notCalibrated(String reason) {
    console.line("not calibrated: " + reason);
  }

  /**
   * Reports that the parts which are measured once, at the end, are too long.
   *
   * @param characters the length of these parts
   * @param seconds about how long it would take
   */
  void notMeasured(String version, long characters, double seconds) {
    console.line(
        String.format(
            "the loss of %,d characters of the validation and test parts is not measured: it would"
                + " take about %s; ./folio evaluate %s does it",
            characters, Durations.format(seconds), version));
  }

  /** Reports the progress of the measurement at the end, at most once per interval. */
  void measuring(long step, long read, long all) {
    if (stepped(step)) {
      restartClock();
      console.progress(
          step, String.format("measuring the whole validation part: %.0f %%", 100.0 * read / all));
    }
  }

  /** Reports that the measurement at the end was cancelled. */
  void notMeasured(String version) {
    console.line(
        "stopped: the loss of the whole validation part is not measured; ./folio evaluate "
            + version
            + " does it");
  }

  private static String inUnits(Map<String, Double> losses) {
    StringBuilder line = new StringBuilder();
    losses.forEach(
        (protocol, loss) -> line.append(", ").append(protocol).append(' ').append(inUnits(loss)));
    return line.toString();
  }

  private static String inUnits(double nats) {
    return String.format("%.4f nats (%.4f bits)", nats, nats / Math.log(2));
  }

  /** Restarts the clock, so that the next reported speed counts only training time. */
  private void restartClock() {
    reportedNanos = System.nanoTime();
  }

  /** Reports a published checkpoint, and whether it was promoted. */
  void published(long step, Publisher.Published published) {
    console.line(
        "published "
            + published.version()
            + (published.decision().promote() ? ", now CURRENT (" : ", not promoted (")
            + published.decision().reason()
            + ")"
            + (published.decision().promote() ? "" : "; to serve it: " + promotion(published)));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("version", published.version());
    fields.put("promoted", published.decision().promote());
    fields.put("reason", published.decision().reason());
    writeEvent("published", step, fields);
    restartClock();
  }

  /** Returns the command that promotes a checkpoint. */
  private String promotion(Publisher.Published published) {
    return "./folio checkpoints promote "
        + published.version()
        + " --checkpoints "
        + context.store();
  }

  private void writeEvent(String event, long step, Map<String, ?> fields) {
    log.write(event, step, fields);
    log.failure().ifPresent(console::warn);
  }

  /** Shows the network's predictions next to the validation text, and a sample of its writing. */
  void view(long step) {
    Prediction prediction = Prediction.of(model, text.validation(), PREDICTED_CHARACTERS);
    TextGenerator generator = new TextGenerator(model);
    String sample =
        generator.generate(
            new TextGenerator.Request(generator.defaultPrompt(), SAMPLE_CHARACTERS, SAMPLE, step));
    console.line(
        PredictionView.render(
            prediction.target(), prediction.predicted(), console.colours(), console.columns()));
    String printable = PrintableText.escapeLines(sample);
    console.line("sample     " + printable.replace("\n", "\n           "));
    writeEvent("sample", step, Map.of("temperature", SAMPLE.temperature(), "text", sample));
    writeEvent("prediction", step, ReportMeasurements.fields(prediction));
    restartClock();
  }

  /** Reports that the run was asked to stop. */
  void stopping(long step) {
    console.line("stopping after step " + step);
  }

  /**
   * Reports the end of the run, and writes its report.
   *
   * @param bestLoss the lowest selection loss, in nats; infinite if nothing was evaluated
   * @param complete whether the run was not asked to stop
   */
  void end(long step, double bestLoss, boolean complete) {
    console.line(
        step == 0 || Double.isInfinite(bestLoss)
            ? "nothing was evaluated"
            : "done at step "
                + step
                + "; best loss "
                + inUnits(bestLoss)
                + (calibrated ? ", before the logits were divided" : ""));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("whole", complete);
    fields.put("best_loss_nats", Double.isInfinite(bestLoss) ? null : bestLoss);
    writeEvent("end", step, fields);
    report(step, complete);
  }

  /** Writes the report. A failure is only a warning, since the run itself is done. */
  private void report(long step, boolean complete) {
    try {
      if (complete) { // a run that was asked to stop must exit soon
        ReportMeasurements measurements = new ReportMeasurements(model, text);
        writeEvent("prediction", step, measurements.prediction());
        writeEvent("memorised", step, measurements.memorisation());
      }
      RunReport.write(folder.metrics(), folder.report());
      console.line("report     " + folder.report());
    } catch (RuntimeException | OutOfMemoryError e) {
      console.warn("the report is missing or incomplete: " + Errors.describe(e));
    }
  }

  /** Uploads the end of the record, and removes the progress bar. */
  @Override
  public void close() {
    log.close();
    console.close();
  }
}
