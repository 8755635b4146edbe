package folio.trainer.run;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.SequenceSampler;
import folio.trainer.publication.ResumeState;
import folio.trainer.training.AdamW;
import folio.trainer.training.GradientClipper;
import folio.trainer.training.TrainStep;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The run of a process that is not rank 0 of its group: it computes its part of every step, from
 * rank 0's first step to its last.
 */
public final class WorkerRun extends StoppableRun {
  private final TrainingConfig config;
  private final RunGroup group;
  private final NDManager manager;
  private final CharGru network;
  private final AdamW optimizer;
  private final TrainStep trainStep;
  private final SequenceSampler sampler;
  private long step;

  /** Creates a run, and takes over the state that rank 0 sends. */
  public WorkerRun(TrainingConfig config, Corpus corpus, Device device, RunGroup group) {
    this.config = config;
    this.group = group;
    this.manager = NDManager.newBaseManager(device);
    try (NDManager scratch = manager.newSubManager()) {
      ResumeState state = ResumeState.read(scratch, group.processes().broadcast(null));
      Vocabulary vocabulary = new SavedRun(state.facts()).vocabulary();
      var text = corpus.split(vocabulary, config.division()).training();
      this.sampler = TrainingRun.sampler(config, text.length());
      this.network =
          CharGru.initialize(
              manager, config.networkFor(vocabulary.size()), new SplittableRandom(config.seed()));
      this.optimizer = new AdamW(manager, network.parameters(), config.optimizer());
      this.trainStep =
          new TrainStep(
              manager,
              network,
              text,
              new TrainStep.StepConfig(
                  optimizer,
                  new GradientClipper(config.clipNorm()),
                  config.dropout(),
                  config.logitScale(),
                  config.seed(),
                  config.precision(),
                  group.part(),
                  group.exchange()));
      new RunArrays(Map.of("weights", network), optimizer, trainStep)
          .restore(state, config.batches().batchSize());
      this.step = new SavedRun(state.facts()).step();
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  @Override
  public void run() {
    long total = config.schedule().totalSteps();
    boolean stops = group.processes().any(false); // the run was complete before
    while (step < total && !stops) {
      trainStep.run(step, sampler.batch(step), config.schedule().at(step));
      step++;
      boolean evaluating = step % config.intervals().evaluate() == 0 || step == total;
      stops = group.stops(step, evaluating, stopRequested());
      if (step % config.intervals().save() == 0 || step == total || stops) {
        gather();
      }
    }
    trainStep.progress(step); // waits for the device
    succeed(group.leave(step >= total));
  }

  /** Sends the states of this process's rows to rank 0, which saves them. */
  private void gather() {
    trainStep.discardGraph();
    try (NDManager scratch = manager.newSubManager()) {
      NDArray ignored = group.carriedByAll(scratch, trainStep);
      ignored.close();
    }
  }

  @Override
  public void close() {
    trainStep.close();
    optimizer.close();
    manager.close();
  }
}
