package folio.trainer.run;

import folio.model.network.CharGruConfig;
import folio.model.sampling.SamplingParameters;
import folio.trainer.corpus.Corpus;
import folio.trainer.evaluation.Memorisation;
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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tells the person who trains, and the metrics file, what a run does. */
final class RunDisplay implements AutoCloseable {
  private static final long TERMINAL_NANOS = 1_000_000_000L;
  private static final long PLAIN_NANOS = 10_000_000_000L;
  private static final int VIEW_CHARACTERS = 160;
  private static final int SAMPLE_CHARACTERS = 200;
  private static final int REPORT_CHARACTERS = 1000;
  private static final int WRITTEN_CHARACTERS = 16_384;

  /** Takes seconds, and some 100 MB. */
  private static final int MAX_SEARCHED = 4_000_000;

  private static final SamplingParameters SAMPLE = SamplingParameters.DEFAULT.withTemperature(0.8);

  private final TrainingConfig config;
  private final TrainedModel model;
  private final Console console;
  private final MetricsFile metrics;
  private final LiveMetrics live;
  private final RunFolder folder;
  private final long intervalNanos;
  private Corpus.Split text;
  private long shownStep;
  private long shownNanos = System.nanoTime();
  private double lossSinceEvaluation;
  private long stepsSinceEvaluation;

  RunDisplay(TrainingRun.RunContext around, TrainingConfig config, long step, TrainedModel model) {
    this.config = config;
    this.model = model;
    this.shownStep = step;
    this.intervalNanos = around.terminal() ? TERMINAL_NANOS : PLAIN_NANOS;
    this.folder = around.folder();
    this.metrics = new MetricsFile(folder.metrics(), step);
    this.live = around.live();
    this.console =
        new Console(around.out(), around.terminal(), step, config.schedule().totalSteps());
  }

  void begin(Corpus corpus, CharGruConfig architecture, Corpus.Split parts) {
    this.text = parts;
    int trainedOn = text.training().length;
    long parameters = architecture.parameterCount();
    console.line(
        String.format(
            "%s: %,d characters to train on, %,d to choose by, %,d to validate; %s %d x %d, %,d"
                + " parameters",
            corpus,
            trainedOn,
            text.heldOut().length,
            text.validation().length,
            architecture.network().name().toLowerCase(java.util.Locale.ROOT),
            architecture.layers(),
            architecture.hiddenSize(),
            parameters));
    if (parameters > trainedOn) {
      console.warn(
          String.format(
              "%,d parameters for %,d characters: the network can learn the text by heart; watch the"
                  + " validation loss",
              parameters, trainedOn));
    }
    if (shownStep > 0) {
      console.line("resuming after step " + shownStep);
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("corpus", corpus.description());
    fields.put("parameters", parameters);
    fields.put("settings", config.settings());
    record(shownStep == 0 ? "begin" : "resume", shownStep, fields);
  }

  /** Moves the bar; returns whether it is time to show more. */
  boolean stepped(long step) {
    console.step(step);
    return System.nanoTime() - shownNanos > intervalNanos;
  }

  void progress(long step, TrainStep.Progress progress, double learningRate) {
    if (step == shownStep) {
      return;
    }
    long now = System.nanoTime();
    long characters = (step - shownStep) * config.sampling().rows() * config.sampling().length();
    double perSecond = characters / ((now - shownNanos) / 1e9);
    lossSinceEvaluation += progress.lossNats() * (step - shownStep);
    stepsSinceEvaluation += step - shownStep;
    shownStep = step;
    shownNanos = now;
    console.progress(step, new Console.Speed(progress.lossNats(), learningRate, perSecond));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("training_loss_nats", progress.lossNats());
    fields.put("gradient_norm", progress.gradientNorm());
    fields.put("learning_rate", learningRate);
    fields.put("characters_per_second", perSecond);
    record("progress", step, fields);
  }

  /** Shows an evaluation; returns the mean training loss since the one before, in nats. */
  Double evaluated(long step, Map<String, Double> losses) {
    Double training = stepsSinceEvaluation == 0 ? null : lossSinceEvaluation / stepsSinceEvaluation;
    lossSinceEvaluation = 0;
    stepsSinceEvaluation = 0;
    StringBuilder line = new StringBuilder("step " + step);
    losses.forEach(
        (protocol, loss) -> line.append(", ").append(protocol).append(' ').append(both(loss)));
    if (training != null) {
      line.append("; training ").append(both(training));
    }
    console.line(line.toString());
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("training_loss_nats", training);
    fields.put("loss_nats", losses);
    Map<String, Double> bits = new LinkedHashMap<>();
    losses.forEach((protocol, loss) -> bits.put(protocol, loss / Math.log(2)));
    fields.put("bits_per_character", bits);
    record("evaluation", step, fields);
    shownNanos = System.nanoTime(); // speed is of training alone
    return training;
  }

  private static String both(double nats) {
    return String.format("%.4f nats (%.4f bits)", nats, nats / Math.log(2));
  }

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
    record("published", step, fields);
    shownNanos = System.nanoTime();
  }

  private void record(String event, long step, Map<String, ?> fields) {
    metrics.write(event, step, fields);
    live.update(step, fields);
  }

  /** The post's view: target against prediction, and what the network writes by itself. */
  void view(long step) {
    Prediction look = Prediction.of(model, text.validation(), VIEW_CHARACTERS);
    TextGenerator generator =
        new TextGenerator(model.manager(), model.network(), model.vocabulary());
    String sample =
        generator.generate(
            new TextGenerator.Request(
                generator.promptOrDefault(""), SAMPLE_CHARACTERS, SAMPLE, step));
    console.line(PredictionView.render(look.target(), look.predicted(), console.colours()));
    console.line("sample     " + sample.replace("\n", "\n           "));
    record("sample", step, Map.of("temperature", SAMPLE.temperature(), "text", sample));
    shownNanos = System.nanoTime();
  }

  /** Looks at the network once more, for the report. */
  private void lookBack(long step) {
    Prediction look = Prediction.of(model, text.validation(), REPORT_CHARACTERS);
    record(
        "prediction",
        step,
        Map.of(
            "text",
            new String(look.target(), 0, look.target().length),
            "predicted",
            new String(look.predicted(), 0, look.predicted().length),
            "logprobs",
            look.logprobs()));
    Memorisation.Result memorised =
        new Memorisation(model.vocabulary(), searched(), text.validation())
            .measure(model.manager(), model.network(), WRITTEN_CHARACTERS);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("characters", memorised.characters());
    fields.put("searched", searched().length);
    fields.put("longest", memorised.generated().longest());
    fields.put("longest_unseen", memorised.unseen().longest());
    fields.put("mean", memorised.generated().mean());
    fields.put("mean_unseen", memorised.unseen().mean());
    fields.put("longest_run", memorised.longestRun());
    record("memorised", step, fields);
  }

  private int[] searched() {
    int[] training = text.training();
    return training.length <= MAX_SEARCHED ? training : Arrays.copyOf(training, MAX_SEARCHED);
  }

  void stopping(long step) {
    console.line("stopping after step " + step);
  }

  void end(long step, double bestLoss) {
    console.line(
        step == 0 || Double.isInfinite(bestLoss)
            ? "nothing was measured"
            : "done at step " + step + "; best loss " + both(bestLoss));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("whole", step == config.schedule().totalSteps());
    fields.put("best_loss_nats", Double.isInfinite(bestLoss) ? null : bestLoss);
    record("end", step, fields);
    report(step);
  }

  /** What goes wrong here takes nothing from a run that is done. */
  private void report(long step) {
    try {
      if (step == config.schedule().totalSteps()) { // one that was asked to stop has no time
        lookBack(step);
      }
      RunReport.write(folder.metrics(), folder.report());
      console.line("report     " + folder.report());
    } catch (RuntimeException | OutOfMemoryError e) {
      console.warn("there is no whole report: " + Errors.describe(e));
    }
  }

  @Override
  public void close() {
    console.close();
  }
}
