package folio.trainer.run;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.checkpoint.CheckpointManifest.Losses;
import folio.model.network.CharGru;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.EncodedText;
import folio.trainer.evaluation.Calibration;
import folio.trainer.evaluation.EvaluationProgress;
import folio.trainer.evaluation.Evaluator;
import folio.trainer.publication.Publisher;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * The network that a run has selected. After the last step, its checkpoint is replaced by one with
 * calibrated logits, and by one with losses that were not measured during the run. Owned by the
 * training thread.
 */
final class SelectedNetwork {
  /** The number of protocols by which a text is measured. */
  private static final int PROTOCOLS = 2;

  private final TrainingConfig config;
  private final RunContext context;
  private final Corpus.Split text;
  private final CheckpointSelector selector;
  private final Publisher publisher;
  private final RunReporter reporter;

  SelectedNetwork(
      TrainingConfig config,
      RunContext context,
      Corpus.Split text,
      CheckpointSelector selector,
      Publisher publisher,
      RunReporter reporter) {
    this.config = config;
    this.context = context;
    this.text = text;
    this.selector = selector;
    this.publisher = publisher;
    this.reporter = reporter;
  }

  /**
   * Replaces the checkpoint by one whose logits are divided by the temperature of the lowest loss
   * on a sample of the part that selected the network.
   *
   * @param manager the parent of temporary arrays, on the run's device
   * @param step the step of the network
   * @param stopRequested whether the run is asked to stop
   */
  void calibrate(NDManager manager, long step, BooleanSupplier stopRequested) {
    if (!config.calibrate() || stopRequested.getAsBoolean()) {
      return;
    }
    Optional<CheckpointManifest> published = publisher.published(step);
    if (published.isEmpty()
        || published.get().settings().containsKey(Calibration.TEMPERATURE_SETTING)) {
      return;
    }
    EncodedText selecting = text.heldOut().isEmpty() ? text.validation() : text.heldOut();
    if (text.heldOut().isEmpty() && config.publish() == PublishPolicy.LAST) {
      reporter.notCalibrated("with --publish last and without --holdout, no part may decide");
    } else if (selecting.length() < Evaluator.WINDOW) {
      reporter.notCalibrated(
          "the part that decides has fewer than " + Evaluator.WINDOW + " characters");
    } else {
      calibrate(manager, published.get(), selecting);
    }
  }

  private void calibrate(NDManager manager, CheckpointManifest published, EncodedText selecting) {
    try (NDManager scratch = manager.newSubManager();
        CharGru network = context.store().open(published.version()).load(scratch)) {
      if (!Calibration.canDivideLogits(network.config())) {
        reporter.notCalibrated("the output layer is the embedding");
        return;
      }
      double temperature = Calibration.of(scratch, network, selecting).temperature();
      try (CharGru divided = Calibration.divideLogits(scratch, network, temperature)) {
        CheckpointSelector.Decision decision =
            selector.select(divided, Double.POSITIVE_INFINITY, true);
        Double before = published.losses().of(selector.protocol());
        if (before == null || decision.loss() >= before) {
          reporter.notCalibrated(
              String.format("at temperature %.2f the loss would not be lower", temperature));
          return;
        }
        long step = published.step();
        reporter.calibrated(step, temperature, decision.losses());
        Losses losses = new Losses(published.losses().training(), decision.losses());
        Map<String, String> settings = Calibration.dividedBy(temperature, published.settings());
        String reason =
            String.format("it is the same network with logits divided by %.2f", temperature);
        reporter.published(step, publisher.replace(divided, step, losses, settings, reason));
      }
    }
  }

  /**
   * Replaces the checkpoint by one with the losses of the whole validation part, if a sample of it
   * decided, and of the test part. Parts that are too long for the time of the run are left to the
   * command {@code evaluate}.
   *
   * @param manager the parent of temporary arrays, on the run's device
   * @param step the step of the network
   * @param lastStep the last step of the run
   * @param stopRequested whether the run is asked to stop; it then measures no further
   */
  void measure(NDManager manager, long step, long lastStep, BooleanSupplier stopRequested) {
    boolean tests = text.test().length() > 1;
    Optional<CheckpointManifest> known =
        selector.samples() || tests ? publisher.published(step) : Optional.empty();
    if (known.isEmpty() || isMeasured(known.get().losses(), tests)) {
      return;
    }
    CheckpointManifest published = known.get();
    try (NDManager scratch = manager.newSubManager();
        CharGru network = context.store().open(published.version()).load(scratch)) {
      long characters = text.validation().length() + text.test().length();
      double seconds = PROTOCOLS * characters * selector.secondsPerCharacter(network);
      if (seconds > config.longestFinalEvaluation(context.secondsPerStep())) {
        reporter.notMeasured(published.version(), characters, seconds);
        return;
      }
      Map<String, Double> validation = new LinkedHashMap<>(published.losses().validation());
      EvaluationProgress progress =
          (read, all) -> {
            if (stopRequested.getAsBoolean()) {
              throw new CancellationException();
            }
            reporter.measuring(lastStep, read, all);
          };
      validation.putAll(new Evaluator(scratch, text.validation(), progress).evaluate(network));
      Map<String, Double> test =
          tests ? new Evaluator(scratch, text.test(), progress).evaluate(network) : null;
      reporter.measured(step, validation, test);
      Losses losses = new Losses(published.losses().training(), validation, test);
      String reason = "it replaces the same network with fewer measured losses";
      reporter.published(
          step, publisher.replace(network, step, losses, published.settings(), reason));
    } catch (CancellationException e) {
      reporter.notMeasured(published.version());
    }
  }

  /** Returns whether losses are those of the whole validation part and of the test part. */
  private boolean isMeasured(Losses losses, boolean tests) {
    return losses.of(selector.wholeProtocol()) != null && (losses.test() != null || !tests);
  }
}
