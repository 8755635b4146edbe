package folio.trainer.adaptation;

import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.trainer.corpus.Batch;
import folio.trainer.corpus.EncodedText;
import folio.trainer.training.DropoutRates;
import folio.trainer.training.DynamicRule;
import folio.trainer.training.GradientStatistics;
import folio.trainer.training.Optimizer;
import folio.trainer.training.Precision;
import folio.trainer.training.TrainStep;
import folio.trainer.training.TrainStep.StepConfig;
import folio.trainer.training.TrainingDivergedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * A network that reads a text in one stream and learns from it, which is called dynamic evaluation:
 * the loss of each segment is measured, and then the weights take a step along its gradient. So no
 * character is scored by weights that have learned from it. Everything is computed in float32.
 * Owned by one thread.
 *
 * @see DynamicRule
 */
public final class DynamicReader implements AutoCloseable {
  /** The length of a segment in characters. */
  private static final int SEGMENT = 50;

  /** The number of steps in which the gradients of training are measured. */
  public static final int STATISTICS_STEPS = 100;

  /** The largest number of segments in such a step. */
  private static final int STATISTICS_ROWS = 64;

  /** The number of segments after which the sum of losses is read from the device. */
  private static final int SEGMENTS_PER_SUM = 256;

  private final NDManager manager;
  private final CharGru network;
  private final GradientStatistics statistics;

  /**
   * Creates a reader, and measures the size of the network's gradients.
   *
   * @param parent the parent of all arrays, on the network's device
   * @param network the network; {@link #read} changes its weights, and the caller closes it
   * @param training the text that the network was trained on, or else one like it; at least two
   *     characters
   * @param progress receives the number of steps that are measured, of {@link #STATISTICS_STEPS}
   */
  public DynamicReader(
      NDManager parent, CharGru network, EncodedText training, LongConsumer progress) {
    this.manager = parent.newSubManager();
    this.network = network;
    this.statistics = new GradientStatistics(manager, network.parameters());
    try (TrainStep step = step(training, statistics)) {
      for (int i = 0; i < STATISTICS_STEPS; i++) {
        step.run(i, statisticsBatch(training.length(), i), 0);
        progress.accept(i + 1);
      }
      step.progress(STATISTICS_STEPS); // waits for the device
    }
  }

  /** Returns a batch of streams that begin at equal distances and carry their states. */
  private static Batch statisticsBatch(long textLength, int step) {
    int length = (int) Math.min(SEGMENT, textLength - 1);
    int rows = (int) Math.min(STATISTICS_ROWS, textLength / length);
    long[] starts = new long[rows];
    Arrays.setAll(starts, row -> (row * (textLength / rows) + (long) step * length) % textLength);
    boolean[] carries = new boolean[rows];
    Arrays.fill(carries, step > 0);
    return new Batch(starts, length, carries);
  }

  private TrainStep step(EncodedText text, Optimizer optimizer) {
    return new TrainStep(
        manager,
        network,
        text,
        new StepConfig(optimizer, null, DropoutRates.NONE, 1, Precision.FLOAT32));
  }

  /**
   * Reads a text from its first character to its last. The network keeps what it learns.
   *
   * @param text at least two characters
   * @param speed how fast the network learns
   * @param progress receives the number of characters that were read so far
   * @return the mean loss in nats per character; infinite if a loss was not finite
   */
  public double read(EncodedText text, Speed speed, LongConsumer progress) {
    try (DynamicRule rule = rule(speed)) {
      return read(text, rule, speed.rate(), progress);
    }
  }

  /**
   * Compares speeds by their loss on a text: first all rates with the first decay, then the other
   * decays with the best rate. The network stays as it is.
   *
   * @param text at least two characters
   * @param rates the rates to compare, at least one
   * @param decays the decays to compare, at least one
   * @param progress receives the number of characters that were read so far; in all, the text is
   *     read {@link #readings} times
   * @return the speeds with their losses, in the order in which they were compared
   */
  public List<SpeedLoss> compare(
      EncodedText text, List<Double> rates, List<Double> decays, LongConsumer progress) {
    List<SpeedLoss> compared = new ArrayList<>();
    for (double rate : rates) {
      compared.add(tryOut(new Speed(rate, decays.get(0)), text, compared.size(), progress));
    }
    double bestRate = SpeedLoss.best(compared).speed().rate();
    for (double decay : decays.subList(1, decays.size())) {
      compared.add(tryOut(new Speed(bestRate, decay), text, compared.size(), progress));
    }
    return compared;
  }

  /** Returns how often {@link #compare} reads its text. */
  public static int readings(List<Double> rates, List<Double> decays) {
    return rates.size() + decays.size() - 1;
  }

  /** Reads a text, after a number of earlier readings of it, and restores the network. */
  private SpeedLoss tryOut(Speed speed, EncodedText text, int earlier, LongConsumer progress) {
    long before = earlier * text.length();
    try (DynamicRule rule = rule(speed)) {
      double loss = read(text, rule, speed.rate(), read -> progress.accept(before + read));
      rule.restore();
      return new SpeedLoss(speed, loss);
    }
  }

  private DynamicRule rule(Speed speed) {
    return new DynamicRule(manager, network.parameters(), statistics, speed.decay());
  }

  private double read(EncodedText text, DynamicRule rule, double rate, LongConsumer progress) {
    long scored = text.length() - 1;
    double sum = 0;
    long at = 0;
    long summed = 0;
    try (TrainStep step = step(text, rule)) {
      for (long segment = 0; at < scored; segment++) {
        int length = (int) Math.min(SEGMENT, scored - at);
        step.run(segment, new Batch(new long[] {at}, length, new boolean[] {at > 0}), rate);
        at += length;
        boolean nextIsShorter = scored - at < SEGMENT; // the mean loss is of equal segments
        if (nextIsShorter || (segment + 1) % SEGMENTS_PER_SUM == 0) {
          sum += step.progress(segment + 1).lossNats() * (at - summed);
          summed = at;
          progress.accept(at);
        }
      }
    } catch (TrainingDivergedException e) {
      return Double.POSITIVE_INFINITY;
    }
    return sum / scored;
  }

  /** Releases the arrays; the network keeps its weights. */
  @Override
  public void close() {
    manager.close();
  }
}
