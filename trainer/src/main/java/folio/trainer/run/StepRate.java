package folio.trainer.run;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.trainer.corpus.Batch;
import folio.trainer.corpus.EncodedText;
import folio.trainer.training.AdamW;
import folio.trainer.training.GradientClipper;
import folio.trainer.training.TrainStep;
import folio.trainer.training.WeightAverage;
import java.util.SplittableRandom;

/** Measures how long a step takes, with a network of its own that is then thrown away. */
final class StepRate {
  /** The sequences of the first measurement are no longer than this. */
  private static final int SHORT = 16;

  /** From the third step on, a GPU launches a graph. */
  private static final int WARM_UP = 3;

  /** The time of a measurement. */
  private static final double SECONDS = 0.2;

  /** Steps that take longer are not measured in full length. */
  private static final double LONGEST_SECONDS = 0.25;

  /** The part of a run's time that evaluations take. */
  private static final double EVALUATION_SHARE = 0.05;

  private StepRate() {}

  /**
   * Returns the seconds that a step of a run takes, with its share of the evaluations.
   *
   * @param processes the number of processes that share the rows of a batch
   */
  static double seconds(
      TrainingConfig config, int vocabularySize, EncodedText text, Device device, int processes) {
    int length = config.batches().sequenceLength();
    int shorter = Math.min(SHORT, length);
    int rows = Math.max(1, config.batches().batchSize() / processes);
    try (NDManager manager = NDManager.newBaseManager(device);
        CharGru network =
            CharGru.initialize(
                manager, config.networkFor(vocabularySize), new SplittableRandom(1));
        WeightAverage average = new WeightAverage(manager, network, config.averageDecay());
        AdamW optimizer = new AdamW(manager, network.parameters(), config.optimizer());
        TrainStep step =
            new TrainStep(
                manager,
                network,
                text,
                new TrainStep.StepConfig(
                    optimizer,
                    new GradientClipper(config.clipNorm()),
                    config.dropout(),
                    1,
                    config.precision()))) {
      double seconds = seconds(step, average, rows, shorter) * length / shorter;
      if (shorter < length && seconds < LONGEST_SECONDS) {
        seconds = seconds(step, average, rows, length);
      }
      return seconds * (1 + EVALUATION_SHARE);
    }
  }

  private static double seconds(TrainStep step, WeightAverage average, int rows, int length) {
    Batch batch = new Batch(new long[rows], length, new boolean[rows]);
    long begin = 0;
    long steps = 0;
    for (long at = 0; ; at++) {
      step.run(at, batch, 0);
      average.update(at);
      if (at + 1 == WARM_UP) {
        step.progress(at + 1); // waits for the device
        begin = System.nanoTime();
      } else if (at >= WARM_UP) {
        steps++;
        step.progress(at + 1);
        double seconds = (System.nanoTime() - begin) / 1e9;
        if (seconds > SECONDS) {
          return seconds / steps;
        }
      }
    }
  }
}
