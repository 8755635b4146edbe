package folio.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.CrossEntropy;
import folio.trainer.corpus.Batch;
import folio.trainer.corpus.EncodedText;
import folio.trainer.evaluation.Evaluator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizationTest {
  private final NDManager manager = NDManager.newBaseManager();
  private final CharGruConfig config = CharGruConfig.residual(9, 6, 10, 2);

  @AfterEach
  void close() {
    manager.close();
  }

  private CharGru network() {
    return CharGru.initialize(manager, config, new SplittableRandom(3));
  }

  @Test
  void scheduleWarmsUpAndDecays() {
    LearningRateSchedule schedule = new LearningRateSchedule(0.01, 10, 110, 0.1);

    assertThat(schedule.at(0)).isEqualTo(0.001, within(1e-12));
    assertThat(schedule.at(9)).isEqualTo(0.01, within(1e-12));
    assertThat(schedule.at(10)).isEqualTo(0.01, within(1e-12));
    assertThat(schedule.at(59)).isBetween(0.0055, 0.0057);
    assertThat(schedule.at(109)).isEqualTo(0.001, within(1e-12));
    assertThat(new LearningRateSchedule(0.01, 0, 100, 1).at(99)).isEqualTo(0.01);
  }

  @Test
  void clipsAndReturnsTheGlobalNorm() {
    NDArray a = manager.create(new float[] {3, 0});
    NDArray b = manager.create(new float[] {0, -4});
    NDArray norm = new GradientClipper(1).clip(manager, List.of(a, b));

    assertThat(norm.getFloat()).isEqualTo(5, within(1e-5f));
    assertThat(a.toFloatArray()[0]).isEqualTo(0.6f, within(1e-5f));
    assertThat(b.toFloatArray()[1]).isEqualTo(-0.8f, within(1e-5f));
    new GradientClipper(10).clip(manager, List.of(a, b));
    assertThat(a.toFloatArray()[0]).isEqualTo(0.6f, within(1e-5f));
    new GradientClipper(0).clip(manager, List.of(a, b));
    assertThat(b.toFloatArray()[1]).isEqualTo(-0.8f, within(1e-5f));
  }

  @Test
  void averageFollowsTheWeights() {
    CharGru network = network();
    WeightAverage average = new WeightAverage(manager, network, 0.5);
    NDArray trained = network.parameters().get(0).values();
    NDArray averaged = average.network().parameters().get(0).values();
    float before = averaged.toFloatArray()[0];
    trained.addi(1);
    average.update(1000);

    assertThat(averaged.toFloatArray()[0]).isEqualTo(before + 0.5f, within(1e-5f));
  }

  @Test
  void averageWithoutDecayEqualsTheNetwork() {
    CharGru network = network();
    WeightAverage average = new WeightAverage(manager, network, 0);
    network.parameters().forEach(parameter -> parameter.values().addi(0.25));
    average.update(0);

    for (int i = 0; i < network.parameters().size(); i++) {
      assertThat(average.network().parameters().get(i).values().toFloatArray())
          .isEqualTo(network.parameters().get(i).values().toFloatArray());
    }
  }

  /** Computes the mean loss with single steps: the slow and simple reference. */
  private double referenceLoss(CharGru network, int[] text, List<int[]> pieces) {
    double sum = 0;
    int scored = 0;
    for (int[] piece : pieces) {
      NDArray state = network.zeroState(manager, 1);
      for (int i = piece[0]; i < piece[1] - 1; i++) {
        NDArray input = manager.create(new long[] {text[i]}, new Shape(1, 1));
        NDArray target = manager.create(new long[] {text[i + 1]}, new Shape(1, 1));
        CharGru.Output output = network.forward(input, state);
        sum += CrossEntropy.perCharacter(output.logits(), target).sum().getFloat();
        state = output.state();
        scored++;
      }
    }
    return sum / scored;
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 129, 700, 1024})
  void evaluatorScoresEveryCharacterOnceExceptTheFirstOfEachPiece(int length) {
    CharGru network = network();
    SplittableRandom random = new SplittableRandom(length);
    int[] text = random.ints(length, 0, 9).toArray();
    var losses = new Evaluator(manager, EncodedText.of(text)).evaluate(network);
    int streams = Math.min(64, length / 2);
    var streamPieces = new ArrayList<int[]>();
    for (int i = 0, at = 0; i < streams; i++) {
      int size = length / streams + (i < length % streams ? 1 : 0);
      streamPieces.add(new int[] {at, at + size});
      at += size;
    }
    var windowPieces = new ArrayList<int[]>();
    for (int at = 0; at < length; at += 256) {
      windowPieces.add(new int[] {at, Math.min(length, at + 256)});
    }

    assertThat(losses.get(Evaluator.CARRIED))
        .isCloseTo(referenceLoss(network, text, streamPieces), within(1e-5));
    assertThat(losses.get(Evaluator.WINDOWS))
        .isCloseTo(referenceLoss(network, text, windowPieces), within(1e-5));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 129, 700, 5000})
  void evaluatorReadsEachDocumentFromAZeroState(int length) {
    CharGru network = network();
    int[] text = new SplittableRandom(length).ints(length, 0, 9).toArray();
    int[] separator = {7, 2};
    var documents = new ArrayList<int[]>();
    int start = 0;
    for (int at = 1; at < length; at++) {
      if (text[at - 1] == 7 && text[at] == 2) {
        documents.add(new int[] {start, at + 1});
        start = at;
      }
    }
    documents.add(new int[] {start, length});
    Evaluator evaluator = new Evaluator(manager, EncodedText.ofDocuments(separator, text));

    assertThat(evaluator.evaluate(network).get(Evaluator.DOCUMENTS))
        .isCloseTo(referenceLoss(network, text, documents), within(1e-5));
  }

  @Test
  void aSampleOfDocumentsBeginsWithDocuments() {
    CharGru network = network();
    int[] text = new int[256 * 4];
    Arrays.setAll(text, i -> i % 10 == 9 ? 8 : i % 7);
    EncodedText documents = EncodedText.ofDocuments(new int[] {8}, text);
    var pieces = new ArrayList<int[]>();
    pieces.add(new int[] {0, 10});
    for (int at = 9; at < 249; at += 10) {
      pieces.add(new int[] {at, at + 11});
    }
    pieces.add(new int[] {249, 256});
    for (int at = 519; at < 769; at += 10) {
      pieces.add(new int[] {at, at + 11});
    }
    pieces.add(new int[] {769, 775});

    assertThat(new Evaluator(manager, documents).sample(network, 2))
        .isCloseTo(referenceLoss(network, text, pieces), within(1e-5));
  }

  @Test
  void aSampleIsTheLossOfWindowsThatLieEvenlyOverTheText() {
    CharGru network = network();
    int[] text = new SplittableRandom(1).ints(256 * 10 + 77, 0, 9).toArray();
    var windowPieces = new ArrayList<int[]>();
    for (int window : new int[] {0, 3, 6}) {
      windowPieces.add(new int[] {256 * window, 256 * (window + 1)});
    }

    assertThat(new Evaluator(manager, EncodedText.of(text)).sample(network, 3))
        .isCloseTo(referenceLoss(network, text, windowPieces), within(1e-5));
  }

  /** The logits of 64 windows of this vocabulary would take 4 GB. */
  @Test
  void aWideVocabularyLowersTheNumberOfCharactersAtOnce() {
    int size = 1 << 16;
    CharGru wide =
        CharGru.initialize(manager, CharGruConfig.residual(size, 2, 2, 1), new SplittableRandom(1));
    int[] text = new SplittableRandom(1).ints(256 * 5, 0, size).toArray();
    var windowPieces = new ArrayList<int[]>();
    for (int at = 0; at < text.length; at += 256) {
      windowPieces.add(new int[] {at, at + 256});
    }

    var losses = new Evaluator(manager, EncodedText.of(text)).evaluate(wide);
    assertThat(losses.get(Evaluator.WINDOWS))
        .isCloseTo(referenceLoss(wide, text, windowPieces), within(1e-4));
    assertThat(losses.get(Evaluator.CARRIED)).isBetween(10.0, 13.0);
  }

  @Test
  void stopsWhenTheLossIsNotFinite() {
    CharGru network = network();
    AdamW optimizer = new AdamW(manager, network.parameters(), new AdamW.Settings(0.9, 0.99, 0));
    TrainStep step =
        new TrainStep(
            manager,
            network,
            EncodedText.of(1, 2, 3),
            new TrainStep.StepConfig(
                optimizer, new GradientClipper(0), DropoutRates.NONE, 1, Precision.FLOAT32));
    network.parameters().get(0).values().muli(Float.POSITIVE_INFINITY);
    step.run(0, new Batch(new long[1], 2, new boolean[1]), 0.1);

    assertThatThrownBy(() -> step.progress(1))
        .isInstanceOf(TrainingDivergedException.class)
        .hasMessageContainingAll("after step 1", "--clip-norm 1");
  }
}
