package folio.trainer.run;

import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.CheckpointManifest.Losses;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.RandomSequences;
import folio.trainer.corpus.SequenceSampler;
import folio.trainer.corpus.StreamSequences;
import folio.trainer.evaluation.TrainedModel;
import folio.trainer.publication.Publisher;
import folio.trainer.run.TrainingConfig.BatchSelection;
import folio.trainer.training.AdamW;
import folio.trainer.training.GradientClipper;
import folio.trainer.training.TrainStep;
import folio.trainer.training.TrainingDivergedException;
import folio.trainer.training.WeightAverage;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * A training run from its first step to its last: corpus, batches, training steps, evaluation and
 * publication. Owned by one thread; only {@link #requestStop} and {@link #succeeded} may be called
 * from another.
 */
public final class TrainingRun implements AutoCloseable {
  private static final int CANARY_CHARACTERS = 256;

  private final TrainingConfig config;
  private final NDManager manager;
  private final SequenceSampler sampler;
  private final CharGru network;
  private final WeightAverage average;
  private final AdamW optimizer;
  private final TrainStep trainStep;
  private final CheckpointSelector selector;
  private final Publisher publisher;
  private final RunState state;
  private final RunReporter reporter;
  private long step;
  private double bestLoss;
  private volatile boolean stopRequested;
  private volatile boolean succeeded;

  /**
   * Creates a run, restores its saved state if the context says so, and prints what it will do.
   *
   * @throws folio.trainer.publication.ResumeException if the run's folder holds a state that this
   *     run must not overwrite or cannot continue
   */
  public TrainingRun(TrainingConfig config, RunContext context) {
    this.config = config;
    Corpus corpus = context.corpus();
    Vocabulary vocabulary = corpus.vocabulary();
    Corpus.Split text = corpus.split(vocabulary, config.fraction(), config.holdout());
    this.sampler = sampler(text.training().length);
    this.manager = NDManager.newBaseManager(context.device());
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
      this.selector = new CheckpointSelector(manager, text, config.publish());
      this.state =
          new RunState(
              context,
              config,
              new TreeMap<>(Map.of("weights", network, "average", average.network())));
      RunState.Progress restored = state.restore(optimizer, trainStep);
      this.step = restored.step();
      this.bestLoss = restored.bestLoss();
      this.publisher =
          new Publisher(
              context.store(),
              context.promotion(),
              context.keep(),
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
      this.reporter =
          new RunReporter(
              context, config, step, new TrainedModel(manager, average.network(), vocabulary));
      reporter.begin(corpus, architecture, text);
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  private SequenceSampler sampler(int textLength) {
    BatchSelection batches = config.batches();
    int size = batches.batchSize();
    int length = batches.sequenceLength();
    return switch (batches.kind()) {
      case RANDOM -> new RandomSequences(textLength, size, length, config.seed());
      case STREAMS ->
          new StreamSequences(textLength, size, length, batches.resetProbability(), config.seed());
    };
  }

  /**
   * Trains until the last step, or until {@link #requestStop} is called.
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
      boolean evaluating = step % config.intervals().evaluate() == 0 || step == total;
      if (reporter.stepped(step) || evaluating) {
        reporter.progress(step, trainStep.progress(step), learningRate);
      }
      if (evaluating) {
        evaluate(step == total);
      }
      if (step % config.intervals().view() == 0) {
        trainStep.discardGraph();
        reporter.view(step);
      }
      if (step % config.intervals().save() == 0 || step == total) {
        save();
      }
    }
    if (stopRequested && step > 0 && step < total) {
      reporter.stopping(step);
      reporter.progress(step, trainStep.progress(step), config.schedule().at(step - 1));
      evaluate(true);
      save();
    }
    reporter.end(step, bestLoss);
    succeeded = true;
  }

  private void evaluate(boolean last) {
    trainStep.discardGraph();
    CheckpointSelector.Decision decision = selector.select(average.network(), bestLoss, last);
    if (decision.loss() != null) {
      if (!Double.isFinite(decision.loss())) {
        throw new TrainingDivergedException(step, decision.loss());
      }
      bestLoss = Math.min(bestLoss, decision.loss());
    }
    Double trainingLoss = reporter.evaluated(step, decision.losses());
    if (decision.publish()) {
      Losses losses = new Losses(trainingLoss, decision.losses());
      reporter.published(step, publisher.publish(average.network(), step, losses));
    }
  }

  private void save() {
    trainStep.discardGraph();
    state.save(new RunState.Progress(step, bestLoss), optimizer, trainStep);
  }

  /** Makes {@link #run} evaluate and save the network as it is, and return soon. */
  public void requestStop() {
    stopRequested = true;
  }

  /** Returns whether {@link #run} has returned normally. */
  public boolean succeeded() {
    return succeeded;
  }

  /** Frees everything on the device and removes the progress bar. */
  @Override
  public void close() {
    reporter.close();
    trainStep.close();
    optimizer.close();
    manager.close();
  }
}
