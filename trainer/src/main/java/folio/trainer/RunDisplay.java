package folio.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.sampling.SamplingParameters;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.corpus.Corpus;
import folio.trainer.learning.TrainStep;
import folio.trainer.publication.Publisher;
import folio.trainer.report.Console;
import folio.trainer.report.MetricsFile;
import folio.trainer.report.PredictionView;
import folio.trainer.report.TextGenerator;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tells the person who trains, and the metrics file, what a run does. */
final class RunDisplay implements AutoCloseable {
  private static final long TERMINAL_NANOS = 1_000_000_000L;
  private static final long PLAIN_NANOS = 10_000_000_000L;
  private static final int VIEW_CHARACTERS = 160;
  private static final int SAMPLE_CHARACTERS = 200;
  private static final SamplingParameters SAMPLE = SamplingParameters.DEFAULT.withTemperature(0.8);

  /** What is looked at. */
  record Model(NDManager manager, CharGru network, Vocabulary vocabulary) {}

  private final TrainingConfig config;
  private final Model model;
  private final Console console;
  private final MetricsFile metrics;
  private final long intervalNanos;
  private int[] validation;
  private long shownStep;
  private long shownNanos = System.nanoTime();
  private double lossSinceEvaluation;
  private long stepsSinceEvaluation;

  RunDisplay(TrainingRun.Surroundings around, TrainingConfig config, long step, Model model) {
    this.config = config;
    this.model = model;
    this.shownStep = step;
    this.intervalNanos = around.terminal() ? TERMINAL_NANOS : PLAIN_NANOS;
    this.metrics = new MetricsFile(around.folder().metrics(), step);
    this.console =
        new Console(around.out(), around.terminal(), step, config.schedule().totalSteps());
  }

  void begin(Corpus corpus, CharGruConfig architecture, Corpus.Split text) {
    this.validation = text.validation();
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
    metrics.write(shownStep == 0 ? "begin" : "resume", shownStep, fields);
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
    metrics.write("progress", step, fields);
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
    metrics.write("evaluation", step, fields);
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
            + (published.verdict().promote() ? ", now CURRENT (" : ", not promoted (")
            + published.verdict().reason()
            + ")");
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("version", published.version());
    fields.put("promoted", published.verdict().promote());
    fields.put("reason", published.verdict().reason());
    metrics.write("published", step, fields);
    shownNanos = System.nanoTime();
  }

  /** The post's view: target against prediction, and what the network writes by itself. */
  void view(long step) {
    int length = Math.min(VIEW_CHARACTERS, validation.length - 1);
    int[] target = new int[length];
    int[] predicted = new int[length];
    try (NDManager scope = model.manager().newSubManager()) {
      long[] ids = Arrays.stream(validation, 0, length).asLongStream().toArray();
      NDArray inputs = scope.create(ids, new Shape(1, length));
      NDArray logits =
          model.network().forward(inputs, model.network().zeroState(scope, 1)).logits();
      long[] best = logits.argMax(2).toLongArray();
      for (int i = 0; i < length; i++) {
        target[i] = model.vocabulary().codePoint(validation[i + 1]);
        predicted[i] = model.vocabulary().codePoint((int) best[i]);
      }
    }
    TextGenerator generator =
        new TextGenerator(model.manager(), model.network(), model.vocabulary());
    String sample =
        generator.generate(
            new TextGenerator.Request(
                generator.promptOrDefault(""), SAMPLE_CHARACTERS, SAMPLE, step));
    console.line(PredictionView.render(target, predicted, console.colours()));
    console.line("sample     " + sample.replace("\n", "\n           "));
    metrics.write("sample", step, Map.of("temperature", SAMPLE.temperature(), "text", sample));
    shownNanos = System.nanoTime();
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
    metrics.write("end", step, fields);
  }

  @Override
  public void close() {
    console.close();
  }
}
