package folio.trainer.benchmark;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.Division;
import folio.trainer.corpus.EncodedText;
import folio.trainer.corpus.RandomSequences;
import folio.trainer.group.GradientExchange;
import folio.trainer.training.AdamW;
import folio.trainer.training.DropoutRates;
import folio.trainer.training.GradientClipper;
import folio.trainer.training.Part;
import folio.trainer.training.Precision;
import folio.trainer.training.TrainStep;
import folio.trainer.training.WeightAverage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Measures the time of a training step. Steps are timed in blocks, each of which ends when the
 * device has finished. The first block does not count: kernels are chosen and a GPU's clock rises
 * in it.
 */
public final class StepTimer {
  /** The number of steps in a block. */
  private static final int BLOCK = 20;

  private static final int EMBEDDING = 128;
  private static final double LEARNING_RATE = 2e-3;
  private static final double AVERAGE_DECAY = 0.999;

  /** The additions to a bare step that a real run may have. */
  public enum Extras {
    NONE,
    CLIPPING,
    AVERAGE,
    DROPOUT,
    ALL;

    private boolean has(Extras extra) {
      return this == extra || this == ALL;
    }
  }

  /**
   * The size of a residual network and of its batches.
   *
   * @param rows the number of sequences in a batch
   * @param length the number of characters in a sequence
   */
  public record Size(int layers, int hidden, int rows, int length) {
    private static final Pattern FORM =
        Pattern.compile("(\\d{1,2})x(\\d{1,5})@(\\d{1,5})x(\\d{1,5})");

    /**
     * Parses a size.
     *
     * @throws IllegalArgumentException if the text is not of the form {@code 3x512@16x40}
     */
    public static Size parse(String text) {
      Matcher form = FORM.matcher(text);
      if (!form.matches()) {
        throw new IllegalArgumentException(
            text + " is not of the form LAYERSxHIDDEN@ROWSxCHARACTERS, such as 3x512@16x40");
      }
      int[] numbers = new int[4];
      Arrays.setAll(numbers, i -> Integer.parseInt(form.group(i + 1)));
      if (Arrays.stream(numbers).anyMatch(number -> number == 0)) {
        throw new IllegalArgumentException(text + " has a zero; all numbers must be 1 or more");
      }
      return new Size(numbers[0], numbers[1], numbers[2], numbers[3]);
    }

    /** Returns the number of characters in a batch. */
    public long characters() {
      return (long) rows * length;
    }
  }

  private final EncodedText text;
  private final int vocabularySize;
  private final Device device;
  private final Precision precision;
  private final Duration time;

  /**
   * Creates a timer.
   *
   * @param precision the data type of large products
   * @param time the duration of a measurement, or two blocks if these take longer
   */
  public StepTimer(Corpus corpus, Device device, Precision precision, Duration time) {
    Vocabulary vocabulary = corpus.vocabulary();
    this.text = corpus.split(vocabulary, Division.DEFAULT).training();
    this.vocabularySize = vocabulary.size();
    this.device = device;
    this.precision = precision;
    this.time = time;
  }

  /** Returns the name of the precision. */
  public String name() {
    return precision.name().toLowerCase(Locale.ROOT);
  }

  /** Returns the number of steps, in complete blocks, that take about the time of a measurement. */
  public int stepsIn(double millisEach) {
    return BLOCK * (1 + (int) Math.ceil(Math.max(1, time.toMillis() / (BLOCK * millisEach))));
  }

  /** Measures a step and returns its milliseconds: the median of all blocks but the first. */
  public double millis(Size size, Extras extras) {
    long end = System.nanoTime() + time.toNanos();
    return millis(size, extras, Part.WHOLE, null, blocks -> blocks < 2 || System.nanoTime() < end);
  }

  /**
   * Measures a bare step of a group and returns its milliseconds. All processes call it at the same
   * time.
   *
   * @param size the rows of this process
   * @param steps the number of steps, in complete blocks, at least two
   */
  double millis(Size size, Part part, GradientExchange exchange, int steps) {
    Size whole = new Size(size.layers(), size.hidden(), size.rows() * part.count(), size.length());
    return millis(whole, Extras.NONE, part, exchange, blocks -> blocks * BLOCK < steps);
  }

  private double millis(
      Size size, Extras extras, Part part, GradientExchange exchange, IntPredicate continues) {
    CharGruConfig config =
        CharGruConfig.residual(vocabularySize, EMBEDDING, size.hidden(), size.layers());
    DropoutRates dropout =
        extras.has(Extras.DROPOUT) ? new DropoutRates(0.15, 0.45, 0.25) : DropoutRates.NONE;
    RandomSequences batches = new RandomSequences(text.length(), size.rows(), size.length(), 1);
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
                    1,
                    1,
                    precision,
                    part,
                    exchange))) {
      List<Double> blocks = new ArrayList<>();
      while (continues.test(blocks.size())) {
        blocks.add(
            block(step, batches, extras.has(Extras.AVERAGE) ? average : null, blocks.size()));
      }
      double[] counted = blocks.stream().skip(1).mapToDouble(each -> each).sorted().toArray();
      return counted[counted.length / 2];
    }
  }

  private static double block(
      TrainStep step, RandomSequences batches, WeightAverage average, int blocksBefore) {
    long begin = System.nanoTime();
    long end = (blocksBefore + 1L) * BLOCK;
    for (long at = end - BLOCK; at < end; at++) {
      step.run(at, batches.batch(at), LEARNING_RATE);
      if (average != null) {
        average.update(at);
      }
    }
    step.progress(end); // waits for the device
    return (System.nanoTime() - begin) / 1e6 / BLOCK;
  }
}
