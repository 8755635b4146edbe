package folio.trainer.run;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.CheckpointManifest.Losses;
import folio.model.checkpoint.CheckpointStore;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.RandomSequences;
import folio.trainer.corpus.SequenceSampler;
import folio.trainer.corpus.StreamSequences;
import folio.trainer.evaluation.TrainedModel;
import folio.trainer.publication.Promotion;
import folio.trainer.publication.Publisher;
import folio.trainer.report.LiveMetrics;
import folio.trainer.run.TrainingConfig.Sampling;
import folio.trainer.run.TrainingConfig.SamplingKind;
import folio.trainer.training.AdamW;
import folio.trainer.training.GradientClipper;
import folio.trainer.training.TrainStep;
import folio.trainer.training.TrainingDivergedException;
import folio.trainer.training.WeightAverage;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * A training run from the first step to the last: corpus, batches, network, loss, optimizer,
 * evaluation, publication. Owned by one thread; only {@link #requestStop} may come from another.
 */
public final class TrainingRun implements AutoCloseable {
  private static final int CANARY_CHARACTERS = 256;

  /**
   * Everything a run touches that is not a hyperparameter.
   *
   * @param out where progress goes
   * @param terminal whether a person looks at it
   * @param live shows figures while they come
   */
  public record RunContext(
      Corpus corpus,
      Device device,
      int threads,
      CheckpointStore store,
      Promotion promotion,
      int keep,
      RunFolder folder,
      boolean resume,
      PrintStream out,
      boolean terminal,
      LiveMetrics live) {}

  private final TrainingConfig config;
  private final NDManager manager;
  private final SequenceSampler sampler;
  private final CharGru network;
  private final WeightAverage average;
  private final AdamW optimizer;
  private final TrainStep trainStep;
  private final CheckpointSelector judge;
  private final Publisher publisher;
  private final RunState state;
  private final RunDisplay display;
  private long step;
  private double bestLoss;
  private volatile boolean stopRequested;
  private volatile boolean succeeded;

  public TrainingRun(TrainingConfig config, RunContext around) {
    this.config = config;
    Corpus corpus = around.corpus();
    Vocabulary vocabulary = corpus.vocabulary();
    Corpus.Split text = corpus.split(vocabulary, config.fraction(), config.holdout());
    this.sampler = sampler(text.training().length);
    this.manager = NDManager.newBaseManager(around.device());
    try {
      CharGruConfig architecture = config.networkFor(vocabulary.size());
      this.network = CharGru.initialize(manager, architecture, new SplittableRandom(config.seed()));
      this.average = new WeightAverage(manager, network, config.averageDecay());
      this.optimizer = new AdamW(manager, network.parameters(), config.optimizer());
      this.trainStep =
          new TrainStep(
              manager,
              network,
              text.training(),
              new TrainStep.StepConfig(
                  optimizer,
                  new GradientClipper(config.clipNorm()),
                  config.dropout(),
                  config.seed()));
      this.judge = new CheckpointSelector(manager, text, config.publish());
      this.state =
          new RunState(
              around,
              config,
              new TreeMap<>(Map.of("weights", network, "average", average.network())));
      RunState.Progress restored = state.restore(optimizer, trainStep);
      this.step = restored.step();
      this.bestLoss = restored.bestLoss();
      this.publisher =
          new Publisher(
              around.store(),
              around.promotion(),
              around.keep(),
              new Publisher.Run(
                  state.runId(),
                  vocabulary,
                  corpus.description(),
                  vocabulary.decode(
                      Arrays.copyOf(
                          text.validation(),
                          Math.min(CANARY_CHARACTERS, text.validation().length))),
                  config.settings(),
                  CheckpointSelector.PROTOCOL));
      this.display =
          new RunDisplay(
              around, config, step, new TrainedModel(manager, average.network(), vocabulary));
      display.begin(corpus, architecture, text);
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  private SequenceSampler sampler(int textLength) {
    Sampling sampling = config.sampling();
    return sampling.kind() == SamplingKind.RANDOM
        ? new RandomSequences(textLength, sampling.rows(), sampling.length(), config.seed())
        : new StreamSequences(
            textLength,
            sampling.rows(),
            sampling.length(),
            sampling.resetProbability(),
            config.seed());
  }

  /**
   * Trains until the last step, or until it is asked to stop.
   *
   * @throws TrainingDivergedException if the loss is not finite
   */
  public void run() {
    long total = config.schedule().totalSteps();
    save();
    while (step < total && !stopRequested) {
      double learningRate = config.schedule().at(step);
      trainStep.run(step, sampler.batch(step), learningRate);
      average.update(step);
      step++;
      boolean evaluating = step % config.pace().evaluate() == 0 || step == total;
      if (display.stepped(step) || evaluating) {
        display.progress(step, trainStep.progress(step), learningRate);
      }
      if (evaluating) {
        evaluate(step == total);
      }
      if (step % config.pace().view() == 0) {
        trainStep.discardGraph();
        display.view(step);
      }
      if (step % config.pace().save() == 0 || step == total) {
        save();
      }
    }
    if (stopRequested && step > 0 && step < total) {
      display.stopping(step);
      display.progress(step, trainStep.progress(step), config.schedule().at(step - 1));
      evaluate(true);
      save();
    }
    display.end(step, bestLoss);
    succeeded = true;
  }

  private void evaluate(boolean last) {
    trainStep.discardGraph();
    CheckpointSelector.Decision verdict = judge.judge(average.network(), bestLoss, last);
    if (verdict.loss() != null) {
      if (!Double.isFinite(verdict.loss())) {
        throw new TrainingDivergedException(step, verdict.loss());
      }
      bestLoss = Math.min(bestLoss, verdict.loss());
    }
    Double trainingLoss = display.evaluated(step, verdict.losses());
    if (verdict.publish()) {
      Losses losses = new Losses(trainingLoss, verdict.losses());
      display.published(step, publisher.publish(average.network(), step, losses));
    }
  }

  private void save() {
    trainStep.discardGraph();
    state.save(new RunState.Progress(step, bestLoss), optimizer, trainStep);
  }

  /** Makes {@link #run} publish what is best, save and return soon. */
  public void requestStop() {
    stopRequested = true;
  }

  /** Whether {@link #run} returned. */
  public boolean succeeded() {
    return succeeded;
  }

  /** Frees everything on the device and takes the bar away. */
  @Override
  public void close() {
    display.close();
    trainStep.close();
    optimizer.close();
    manager.close();
  }
}
