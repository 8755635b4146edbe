package folio.trainer.benchmark;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.RandomSequences;
import folio.trainer.training.AdamW;
import folio.trainer.training.DropoutRates;
import folio.trainer.training.GradientClipper;
import folio.trainer.training.TrainStep;
import folio.trainer.training.WeightAverage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long a training step takes. Steps are timed in blocks, at whose ends the device is waited
 * for; the first block does not count, as kernels are chosen and a GPU's clock rises in it.
 */
public final class StepTimer {
  private static final int BLOCK = 20;

  private static final int EMBEDDING = 128;
  private static final double LEARNING_RATE = 2e-3;
  private static final double AVERAGE_DECAY = 0.999;

  /** What is done besides a bare step. */
  public enum Extras {
    NONE,
    CLIPPING,
    AVERAGE,
    DROPOUT,
    ALL;

    private boolean has(Extras one) {
      return this == one || this == ALL;
    }
  }

  /** A residual network, and a batch of it. */
  public record Size(int layers, int hidden, int rows, int length) {
    private static final Pattern FORM =
        Pattern.compile("(\\d{1,2})x(\\d{1,5})@(\\d{1,5})x(\\d{1,5})");

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException if it is not of the form {@code 3x512@16x40}
     */
    public static Size parse(String text) {
      Matcher form = FORM.matcher(text);
      if (!form.matches()) {
        throw new IllegalArgumentException(
            "it has " + text + "; legal is LAYERSxHIDDEN@ROWSxCHARACTERS, such as 3x512@16x40");
      }
      int[] numbers = new int[4];
      Arrays.setAll(numbers, i -> Integer.parseInt(form.group(i + 1)));
      if (Arrays.stream(numbers).anyMatch(number -> number == 0)) {
        throw new IllegalArgumentException("it has " + text + "; legal are numbers from 1");
      }
      return new Size(numbers[0], numbers[1], numbers[2], numbers[3]);
    }

    public long characters() {
      return (long) rows * length;
    }
  }

  private final int[] text;
  private final int vocabularySize;
  private final Device device;
  private final Duration time;

  /**
   * A timer.
   *
   * @param time that is spent for each answer, or two blocks if these take longer
   */
  public StepTimer(Corpus corpus, Device device, Duration time) {
    Vocabulary vocabulary = corpus.vocabulary();
    this.text = corpus.training(vocabulary, 1);
    this.vocabularySize = vocabulary.size();
    this.device = device;
    this.time = time;
  }

  /** Steps, in whole blocks, that take as long as this spends on an answer. */
  public int stepsIn(double millisEach) {
    return BLOCK * (1 + (int) Math.ceil(Math.max(1, time.toMillis() / (BLOCK * millisEach))));
  }

  /** Milliseconds a step: the median of its blocks. */
  public double millis(Size size, Extras extras) {
    CharGruConfig config =
        CharGruConfig.residual(vocabularySize, EMBEDDING, size.hidden(), size.layers());
    DropoutRates dropout =
        extras.has(Extras.DROPOUT) ? new DropoutRates(0.15, 0.45, 0.25) : DropoutRates.NONE;
    RandomSequences batches = new RandomSequences(text.length, size.rows(), size.length(), 1);
    try (NDManager manager = NDManager.newBaseManager(device);
        CharGru network = CharGru.initialize(manager, config, new SplittableRandom(1));
        WeightAverage average = new WeightAverage(manager, network, AVERAGE_DECAY);
        AdamW optimizer =
            new AdamW(manager, network.parameters(), new AdamW.Settings(0.9, 0.999, 0));
        TrainStep step =
            new TrainStep(
                manager,
                network,
                text,
                new TrainStep.StepConfig(
                    optimizer,
                    extras.has(Extras.CLIPPING) ? new GradientClipper(1) : null,
                    dropout,
                    1))) {
      List<Double> blocks = new ArrayList<>();
      long end = System.nanoTime() + time.toNanos();
      while (blocks.size() < 2 || System.nanoTime() < end) {
        blocks.add(
            block(step, batches, extras.has(Extras.AVERAGE) ? average : null, blocks.size()));
      }
      double[] counted = blocks.stream().skip(1).mapToDouble(each -> each).sorted().toArray();
      return counted[counted.length / 2];
    }
  }

  private static double block(
      TrainStep step, RandomSequences batches, WeightAverage average, int before) {
    long begin = System.nanoTime();
    for (long at = (long) before * BLOCK; at < (before + 1L) * BLOCK; at++) {
      step.run(at, batches.batch(at), LEARNING_RATE);
      if (average != null) {
        average.update(at);
      }
    }
    step.progress((before + 1L) * BLOCK);
    return (System.nanoTime() - begin) / 1e6 / BLOCK;
  }
}
