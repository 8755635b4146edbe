package folio.trainer.run;

import folio.model.network.CharGruConfig;
import folio.model.sampling.SamplingParameters;
import folio.model.text.PrintableText;
import folio.trainer.corpus.Corpus;
import folio.trainer.evaluation.Prediction;
import folio.trainer.evaluation.TextGenerator;
import folio.trainer.evaluation.TrainedModel;
import folio.trainer.publication.Publisher;
import folio.trainer.report.Console;
import folio.trainer.report.LiveMetrics;
import folio.trainer.report.MetricsFile;
import folio.trainer.report.PredictionView;
import folio.trainer.report.RunReport;
import folio.trainer.training.TrainStep;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The reporter of a run: it reports progress and end to the terminal, the metrics file, the live
 * metrics and the report. Owned by the training thread.
 */
final class RunReporter implements AutoCloseable {
  private static final int PREDICTED_CHARACTERS = 160;
  private static final int SAMPLE_CHARACTERS = 200;

  private static final SamplingParameters SAMPLE = SamplingParameters.DEFAULT.withTemperature(0.8);

  private final TrainingConfig config;
  private final TrainedModel model;
  private final Console console;
  private final MetricsFile metrics;
  private final LiveMetrics live;
  private final RunFolder folder;
  private Corpus.Split text;
  private long reportedStep;
  private long reportedNanos = System.nanoTime();
  private double lossSinceEvaluation;
  private long stepsSinceEvaluation;

  /**
   * Creates the reporter of a run.
   *
   * @param step the number of steps taken before; 0 begins a new metrics file
   * @param model the network that is evaluated and published; the caller closes it
   */
  RunReporter(RunContext context, TrainingConfig config, long step, TrainedModel model) {
    this.config = config;
    this.model = model;
    this.reportedStep = step;
    this.folder = context.folder();
    this.metrics = new MetricsFile(folder.metrics(), step);
    this.live = context.live();
    this.console =
        new Console(
            context.out(),
            context.terminal(),
            new Console.Task("train", "step", step, config.schedule().totalSteps()));
  }

  /** Reports the corpus and the network that the run starts with. */
  void begin(Corpus corpus, CharGruConfig architecture, Corpus.Split parts) {
    this.text = parts;
    int trainedOn = text.training().length;
    long parameters = architecture.parameterCount();
    console.line(
        String.format(
            "%s: %,d characters for training, %,d held out, %,d for validation; %s %d x %d, %,d"
                + " parameters",
            corpus,
            trainedOn,
            text.heldOut().length,
            text.validation().length,
            architecture.network().name().toLowerCase(Locale.ROOT),
            architecture.layers(),
            architecture.hiddenSize(),
            parameters));
    if (parameters > trainedOn) {
      console.warn(
          String.format(
              "the network has %,d parameters for %,d characters and can memorise the text; watch"
                  + " the validation loss",
              parameters, trainedOn));
    }
    if (reportedStep > 0) {
      console.line("resuming after step " + reportedStep);
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("corpus", corpus.description());
    fields.put("parameters", parameters);
    fields.put("settings", config.settings());
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
    long characters =
        (step - reportedStep) * config.batches().batchSize() * config.batches().sequenceLength();
    double perSecond = characters / ((now - reportedNanos) / 1e9);
    lossSinceEvaluation += progress.lossNats() * (step - reportedStep);
    stepsSinceEvaluation += step - reportedStep;
    reportedStep = step;
    reportedNanos = now;
    console.progress(step, new Console.Speed(progress.lossNats(), learningRate, perSecond));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("training_loss_nats", progress.lossNats());
    fields.put("gradient_norm", progress.gradientNorm());
    fields.put("learning_rate", learningRate);
    fields.put("characters_per_second", perSecond);
    writeEvent("progress", step, fields);
  }

  /**
   * Reports an evaluation.
   *
   * @param losses in nats, by protocol
   * @return the mean training loss since the evaluation before, in nats; null if no step was
   *     reported since
   */
  Double evaluated(long step, Map<String, Double> losses) {
    Double training = stepsSinceEvaluation == 0 ? null : lossSinceEvaluation / stepsSinceEvaluation;
    lossSinceEvaluation = 0;
    stepsSinceEvaluation = 0;
    StringBuilder line = new StringBuilder("step " + step);
    losses.forEach(
        (protocol, loss) -> line.append(", ").append(protocol).append(' ').append(inUnits(loss)));
    if (training != null) {
      line.append("; training ").append(inUnits(training));
    }
    console.line(line.toString());
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("training_loss_nats", training);
    fields.put("loss_nats", losses);
    Map<String, Double> bits = new LinkedHashMap<>();
    losses.forEach((protocol, loss) -> bits.put(protocol, loss / Math.log(2)));
    fields.put("bits_per_character", bits);
    writeEvent("evaluation", step, fields);
    restartClock();
    return training;
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
            + ")");
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("version", published.version());
    fields.put("promoted", published.decision().promote());
    fields.put("reason", published.decision().reason());
    writeEvent("published", step, fields);
    restartClock();
  }

  /** Writes an event to the metrics file and its numbers to the live metrics. */
  private void writeEvent(String event, long step, Map<String, ?> fields) {
    metrics.write(event, step, fields);
    live.update(step, fields);
  }

  /** Shows the network's predictions next to the validation text, and a sample of its writing. */
  void view(long step) {
    Prediction prediction = Prediction.of(model, text.validation(), PREDICTED_CHARACTERS);
    TextGenerator generator =
        new TextGenerator(model.manager(), model.network(), model.vocabulary());
    String sample =
        generator.generate(
            new TextGenerator.Request(
                generator.promptOrDefault(""), SAMPLE_CHARACTERS, SAMPLE, step));
    console.line(
        PredictionView.render(prediction.target(), prediction.predicted(), console.colours()));
    String printable = PrintableText.escapeLines(sample);
    console.line("sample     " + printable.replace("\n", "\n           "));
    writeEvent("sample", step, Map.of("temperature", SAMPLE.temperature(), "text", sample));
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
   */
  void end(long step, double bestLoss) {
    console.line(
        step == 0 || Double.isInfinite(bestLoss)
            ? "nothing was evaluated"
            : "done at step " + step + "; best loss " + inUnits(bestLoss));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("whole", isComplete(step));
    fields.put("best_loss_nats", Double.isInfinite(bestLoss) ? null : bestLoss);
    writeEvent("end", step, fields);
    report(step);
  }

  private boolean isComplete(long step) {
    return step == config.schedule().totalSteps();
  }

  /** Writes the report. A failure is only a warning, since the run itself is done. */
  private void report(long step) {
    try {
      if (isComplete(step)) { // a run that was asked to stop must exit soon
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

  /** Removes the progress bar. */
  @Override
  public void close() {
    console.close();
  }
}
