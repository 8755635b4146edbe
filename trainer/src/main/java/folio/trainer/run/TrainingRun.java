package folio.trainer.run;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.CheckpointDraft;
import folio.model.checkpoint.CheckpointManifest.Losses;
import folio.model.network.CharGru;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.EncodedText;
import folio.trainer.corpus.RandomSequences;
import folio.trainer.corpus.SequenceSampler;
import folio.trainer.corpus.StreamSequences;
import folio.trainer.evaluation.TrainedModel;
import folio.trainer.publication.Publisher;
import folio.trainer.run.TrainingConfig.BatchSelection;
import folio.trainer.training.AdamW;
import folio.trainer.training.GradientClipper;
import folio.trainer.training.Part;
import folio.trainer.training.TrainStep;
import folio.trainer.training.TrainingDivergedException;
import folio.trainer.training.WarmStart;
import folio.trainer.training.WeightAverage;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * A training run from its first step to its last: corpus, batches, training steps, evaluation and
 * publication.
 */
public final class TrainingRun extends StoppableRun {
  private static final int CANARY_CHARACTERS = 256;

  private final TrainingConfig config;
  private final RunContext context;
  private final NDManager manager;
  private final Corpus.Split text;
  private final SequenceSampler sampler;
  private final CharGru network;
  private final WeightAverage average;
  private final AdamW optimizer;
  private final TrainStep trainStep;
  private final CheckpointSelector selector;
  private final Publisher publisher;
  private final RunState state;
  private final RunReporter reporter;
  private RunState.Progress progress;

  /**
   * Creates a run, restores its saved state if the folder's run continues, and prints what it will
   * do.
   *
   * @throws folio.trainer.publication.ResumeException if the saved run cannot be continued with
   *     this configuration
   */
  public TrainingRun(TrainingConfig config, RunContext context) {
    this.config = config;
    this.context = context;
    Corpus corpus = context.corpus();
    Vocabulary vocabulary = vocabulary(context);
    this.text = corpus.split(vocabulary, config.division());
    this.sampler = sampler(config, text.training().length());
    this.manager = NDManager.newBaseManager(context.device());
    try {
      this.network = initialNetwork(vocabulary);
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
                  config.logitScale(),
                  config.seed(),
                  config.precision(),
                  context.group() == null ? Part.WHOLE : context.group().part(),
                  context.group() == null ? null : context.group().exchange()));
      this.selector =
          new CheckpointSelector(manager, text, config.publish(), config.windowsPerEvaluation());
      this.state =
          new RunState(
              context,
              config,
              new TreeMap<>(Map.of("weights", network, "average", average.network())),
              vocabulary);
      this.progress = state.restore(optimizer, trainStep);
      String separator = corpus.separator().isNone() ? null : corpus.separator().text();
      this.publisher =
          new Publisher(
              context.store(),
              context.promotion(),
              context.keep(),
              new Publisher.Run(
                  state.runId(),
                  vocabulary,
                  corpus.description(),
                  canaryText(vocabulary),
                  config.settings(),
                  state.parent(),
                  separator));
      this.reporter =
          new RunReporter(
              context,
              config,
              progress.step(),
              state.runId(),
              new TrainedModel(manager, average.network(), vocabulary, separator));
      reporter.begin(network.config(), vocabulary, text, state);
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  /** Returns the vocabulary of a run: that of its corpus, and of what it continues. */
  private static Vocabulary vocabulary(RunContext context) {
    Vocabulary own = context.corpus().vocabulary();
    if (context.folder().resumes()) {
      Vocabulary saved = context.folder().saved().vocabulary();
      return saved == null ? own : saved;
    }
    return context.parent() == null ? own : own.with(context.parent().vocabulary());
  }

  /** Returns the beginning of the validation part, without characters that are too rare. */
  private String canaryText(Vocabulary vocabulary) {
    int[] known =
        Arrays.stream(text.validation().first(CANARY_CHARACTERS))
            .filter(id -> id < vocabulary.characterCount())
            .toArray();
    return known.length > 1 ? vocabulary.decode(known) : CheckpointDraft.canaryTextOf(vocabulary);
  }

  private CharGru initialNetwork(Vocabulary vocabulary) {
    SplittableRandom random = new SplittableRandom(config.seed());
    if (context.parent() == null || context.folder().resumes()) {
      return CharGru.initialize(manager, config.networkFor(vocabulary.size()), random);
    }
    try (NDManager scratch = manager.newSubManager();
        CharGru parent = context.parent().load(scratch)) {
      return WarmStart.create(manager, parent, context.parent().vocabulary(), vocabulary, random);
    }
  }

  /**
   * Returns the seconds that a step of a run takes on a device, measured with a network that is
   * then thrown away. The exchange of gradients is not measured.
   *
   * @param processes the number of processes that share the rows of a batch
   * @throws folio.trainer.corpus.CorpusException if the corpus is too short
   */
  public static double secondsPerStep(
      TrainingConfig config, Corpus corpus, Device device, int processes) {
    Vocabulary vocabulary = corpus.vocabulary();
    EncodedText training = corpus.split(vocabulary, config.division()).training();
    return StepRate.seconds(config, vocabulary.size(), training, device, processes);
  }

  /** Returns the sampler of a run's batches from a text of a length. */
  static SequenceSampler sampler(TrainingConfig config, long textLength) {
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
   * Trains until the last step, until the loss has not improved for as many evaluations as the
   * configuration says, or until {@link #requestStop} is called.
   *
   * @throws TrainingDivergedException if the loss is not finite
   */
  @Override
  public void run() {
    long total = config.schedule().totalSteps();
    begin();
    boolean stops = context.group() == null && stopRequested();
    while (progress.step() < total && !outOfPatience() && !stops) {
      long before = progress.step();
      double learningRate = config.schedule().at(before);
      trainStep.run(before, sampler.batch(before), learningRate);
      average.update(before);
      long step = before + 1;
      progress = progress.at(step);
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
      stops = stops(step, evaluating);
      if (stops && step < total && !outOfPatience()) {
        reporter.stopping(step);
        reporter.progress(step, trainStep.progress(step), learningRate);
        evaluate(true);
      }
      if (step % config.intervals().save() == 0 || step == total || stops) {
        save();
      }
    }
    long step = progress.step();
    boolean complete = step >= total || outOfPatience();
    if (complete) {
      publishSelected();
    }
    reporter.end(step, progress.bestLoss(), complete);
    if (context.group() != null) {
      context.group().leave(complete);
    }
    succeed(complete);
  }

  /** Returns whether the run ends after a step although it is not the last one. */
  private boolean stops(long step, boolean evaluated) {
    boolean asked = stopRequested() || outOfPatience();
    return context.group() == null ? asked : context.group().stops(step, evaluated, asked);
  }

  private boolean outOfPatience() {
    return config.patience() > 0 && progress.evaluationsSince() >= config.patience();
  }

  private void evaluate(boolean last) {
    trainStep.discardGraph();
    long step = progress.step();
    CheckpointSelector.Decision decision =
        selector.select(average.network(), progress.bestLoss(), last);
    if (decision.loss() != null) {
      if (!Double.isFinite(decision.loss())) {
        throw new TrainingDivergedException(step, decision.loss());
      }
      progress = progress.evaluated(decision.loss());
    }
    Double trainingLoss = reporter.evaluated(step, decision.losses(), decision.loss());
    if (decision.publish()) {
      Losses losses = new Losses(trainingLoss, decision.losses());
      reporter.published(step, publisher.publish(average.network(), step, losses));
    }
    if (outOfPatience()) {
      reporter.outOfPatience(step, config.patience());
    }
  }

  /** Publishes what is only known of the selected network after the last step. */
  private void publishSelected() {
    trainStep.discardGraph();
    long step = config.publish() == PublishPolicy.LAST ? progress.step() : progress.bestStep();
    SelectedNetwork selected =
        new SelectedNetwork(config, context, text, selector, publisher, reporter);
    selected.calibrate(manager, step, this::stopRequested);
    selected.measure(manager, step, progress.step(), this::stopRequested);
  }

  /** Saves the state that the run begins with, and sends it to the other processes. */
  private void begin() {
    RunGroup group = context.group();
    if (group == null || progress.step() == 0) {
      trainStep.discardGraph();
      state.save(progress, optimizer, trainStep, trainStep.carriedState());
    } // in a group, this process has only its rows of a saved state
    if (group != null) {
      group.processes().broadcast(state.bytes());
      group.processes().any(outOfPatience()); // a worker does not know how patient the run was
    }
  }

  private void save() {
    trainStep.discardGraph();
    if (context.group() == null) {
      state.save(progress, optimizer, trainStep, trainStep.carriedState());
      return;
    }
    try (NDManager scratch = manager.newSubManager()) {
      NDArray carried = context.group().carriedByAll(scratch, trainStep);
      state.save(progress, optimizer, trainStep, carried);
    }
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
