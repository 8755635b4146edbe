package folio.trainer;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.RandomSequences;
import folio.trainer.learning.AdamW;
import folio.trainer.learning.DropoutRates;
import folio.trainer.learning.GradientClipper;
import folio.trainer.learning.TrainStep;
import folio.trainer.learning.WeightAverage;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long a training step takes. */
final class StepTimer {
  /** Steps that are timed together; the device is waited for at the end of each block. */
  static final int BLOCK = 20;

  private static final int EMBEDDING = 128;
  private static final double LEARNING_RATE = 2e-3;
  private static final double AVERAGE_DECAY = 0.999;

  /** What is done besides a bare step. */
  enum Extras {
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
  record Size(int layers, int hidden, int rows, int length) {
    private static final Pattern FORM =
        Pattern.compile("(\\d{1,2})x(\\d{1,5})@(\\d{1,5})x(\\d{1,5})");

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException if it is not of the form {@code 3x512@16x40}
     */
    static Size parse(String text) {
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

    long characters() {
      return (long) rows * length;
    }
  }

  private final int[] text;
  private final int vocabularySize;
  private final Device device;
  private final int steps;

  /**
   * A timer.
   *
   * @param steps that are run for each answer
   */
  StepTimer(Corpus corpus, Device device, int steps) {
    Vocabulary vocabulary = corpus.vocabulary();
    this.text = corpus.training(vocabulary, 1);
    this.vocabularySize = vocabulary.size();
    this.device = device;
    this.steps = steps;
  }

  /** Milliseconds a step: the median of its blocks. */
  double millis(Size size, Extras extras) {
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
                new TrainStep.Rule(
                    optimizer,
                    extras.has(Extras.CLIPPING) ? new GradientClipper(1) : null,
                    dropout,
                    1))) {
      double[] blocks = new double[steps / BLOCK];
      for (int block = 0; block < blocks.length; block++) {
        long begin = System.nanoTime();
        for (int i = 0; i < BLOCK; i++) {
          long at = (long) block * BLOCK + i;
          step.run(at, batches.batch(at), LEARNING_RATE);
          if (extras.has(Extras.AVERAGE)) {
            average.update(at);
          }
        }
        step.progress((block + 1L) * BLOCK);
        blocks[block] = (System.nanoTime() - begin) / 1e6 / BLOCK;
      }
      double[] counted = Arrays.stream(blocks).skip(1).sorted().toArray();
      return counted[counted.length / 2];
    }
  }
}
