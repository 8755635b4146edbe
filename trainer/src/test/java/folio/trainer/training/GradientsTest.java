package folio.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.runtime.torchscript.Products;
import folio.runtime.torchscript.TorchScript;
import folio.trainer.corpus.Batch;
import folio.trainer.corpus.EncodedText;
import folio.trainer.evaluation.Evaluator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests that the gradients are those of float64 for every network and dropout. */
class GradientsTest {
  private static final int[] TEXT = new SplittableRandom(1).ints(500, 0, 11).toArray();
  private static final long[] STARTS = {3, 480, 77, 200, 495};

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private TrainStep step(CharGru network, DropoutRates dropout) {
    return step(network, dropout, EncodedText.of(TEXT));
  }

  private TrainStep step(CharGru network, DropoutRates dropout, EncodedText text) {
    AdamW optimizer = new AdamW(manager, network.parameters(), new AdamW.Settings(0.9, 0.99, 0));
    return new TrainStep(
        manager,
        network,
        text,
        new TrainStep.StepConfig(optimizer, new GradientClipper(0), dropout, 1, Precision.FLOAT32));
  }

  @ParameterizedTest
  @CsvSource({
    "RESIDUAL, 3, NONE, NONE, 0, false",
    "RESIDUAL, 1, TANH, RELU, 0, false",
    "RESIDUAL, 2, RELU, NONE, 9, false",
    "RESIDUAL, 2, NONE, RELU, 8, true",
    "PLAIN, 2, NONE, RELU, 0, false",
    "PLAIN, 1, TANH, NONE, 0, true",
  })
  void areThoseOfFloat64(
      NetworkKind kind,
      int layers,
      Nonlinearity embeddingActivation,
      Nonlinearity headActivation,
      int projection,
      boolean tied) {
    CharGruConfig config =
        new CharGruConfig(
            kind,
            11,
            kind == NetworkKind.PLAIN ? 16 : 8,
            16,
            layers,
            embeddingActivation,
            headActivation,
            projection == 0 ? null : projection,
            tied);
    for (DropoutRates rates : List.of(DropoutRates.NONE, new DropoutRates(0.2, 0.4, 0.25))) {
      assertGradients(config, rates, EncodedText.of(TEXT));
    }
  }

  @Test
  void areThoseOfFloat64WhereDocumentsBegin() {
    assertGradients(
        CharGruConfig.residual(11, 8, 16, 2),
        new DropoutRates(0.2, 0.4, 0.25),
        EncodedText.ofDocuments(new int[] {4}, TEXT));
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void areNearThoseOfFloat64InBfloat16(boolean documents) {
    boolean possible =
        CpuFeatures.multipliesBfloat16() || TorchScript.products() == Products.PORTABLE;
    assumeTrue(possible, "oneDNN does not multiply bfloat16 on this CPU");
    EncodedText text =
        documents ? EncodedText.ofDocuments(new int[] {4}, TEXT) : EncodedText.of(TEXT);
    for (DropoutRates rates : List.of(DropoutRates.NONE, new DropoutRates(0.2, 0.4, 0.25))) {
      assertGradients(CharGruConfig.residual(11, 8, 32, 2), rates, text, Precision.BFLOAT16, 0.03);
    }
  }

  @ParameterizedTest
  @CsvSource({"1.25, false", "0.5, true"})
  void areThoseOfFloat64WithScaledLogits(double logitScale, boolean tied) {
    CharGruConfig config =
        new CharGruConfig(
            NetworkKind.RESIDUAL, 11, 8, 16, 2, Nonlinearity.NONE, Nonlinearity.NONE, 8, tied);
    assertGradients(
        config, DropoutRates.NONE, EncodedText.of(TEXT), Precision.FLOAT32, 1e-5, logitScale);
  }

  private void assertGradients(CharGruConfig config, DropoutRates rates, EncodedText text) {
    assertGradients(config, rates, text, Precision.FLOAT32, 1e-5);
  }

  private void assertGradients(
      CharGruConfig config,
      DropoutRates rates,
      EncodedText text,
      Precision precision,
      double largestError) {
    assertGradients(config, rates, text, precision, largestError, 1);
  }

  private void assertGradients(
      CharGruConfig config,
      DropoutRates rates,
      EncodedText text,
      Precision precision,
      double largestError,
      double logitScale) {
    Batch batch = new Batch(STARTS, 20, new boolean[] {true, false, true, true, false});
    CharGru network = CharGru.initialize(manager, config, new SplittableRandom(3));
    StepInputs inputs =
        new StepInputs(manager, config, batch, rates, text.hasDocuments(), Part.WHOLE);
    Engine.getInstance().setRandomSeed(7);
    inputs.feed(text, batch, 0, 0);
    NDArray state = manager.randomNormal(network.zeroState(manager, batch.rows()).getShape());
    List<NDArray> expected = Float64Gradients.of(manager, network, inputs, state, logitScale);
    List<NDArray> actual =
        new Backpropagation(network, precision, logitScale)
            .run(
                (PtNDManager) manager,
                new LibtorchLayers(precision),
                inputs,
                state,
                List.of(),
                computed -> {})
            .values();
    for (int i = 0; i < expected.size(); i++) {
      assertThat(Float64Gradients.relativeError(actual.get(i), expected.get(i)))
          .as("relative error of %s", network.parameters().get(i).name())
          .isLessThan(largestError);
    }
  }

  @Test
  void theLossOfDocumentsIsThatOfReadingEachFromAZeroState() {
    CharGru network =
        CharGru.initialize(manager, CharGruConfig.residual(11, 8, 16, 2), new SplittableRandom(3));
    EncodedText text = EncodedText.ofDocuments(new int[] {4}, TEXT);
    Batch whole = new Batch(new long[1], TEXT.length - 1, new boolean[1]);
    double read = new Evaluator(manager, text).evaluate(network).get(Evaluator.DOCUMENTS);
    double trained =
        step(network, DropoutRates.NONE, text).gradients(manager, whole).loss().getFloat();

    assertThat(trained).isCloseTo(read, within(1e-5));
    assertThat(step(network, DropoutRates.NONE).gradients(manager, whole).loss().getFloat())
        .as("the loss of the same characters as one text")
        .isNotCloseTo((float) read, within(1e-4f));
  }

  /** Computes the gradients of a batch with the masks of one seed. */
  private Gradients gradients(TrainStep step) {
    Engine.getInstance().setRandomSeed(7);
    return step.gradients(manager, new Batch(STARTS, 20, new boolean[STARTS.length]));
  }

  @Test
  void areEqualForTheSameSeed() {
    CharGru network =
        CharGru.initialize(manager, CharGruConfig.residual(11, 8, 16, 2), new SplittableRandom(3));
    TrainStep step = step(network, new DropoutRates(0.2, 0.4, 0.25));

    assertThat(gradients(step).values().get(1).toFloatArray())
        .isEqualTo(gradients(step).values().get(1).toFloatArray());
  }

  @Test
  void weightDropZeroesRecurrentWeightsOnly() {
    CharGruConfig config = CharGruConfig.residual(11, 4, 16, 1);
    CharGru network = CharGru.initialize(manager, config, new SplittableRandom(3));
    float[] layer =
        gradients(step(network, new DropoutRates(0, 0, 0.25))).values().get(1).toFloatArray();
    int inputs = 3 * 16 * 4;
    int recurrent = 3 * 16 * 16;
    int dropped = 0;
    for (int i = 0; i < layer.length; i++) {
      boolean ofRecurrent = i >= inputs && i < inputs + recurrent;
      dropped += layer[i] == 0 && ofRecurrent ? 1 : 0;
      assertThat(layer[i] != 0 || ofRecurrent).isTrue();
    }

    assertThat(dropped / (double) recurrent).isBetween(0.2, 0.3);
  }

  @Test
  void masksDropAtTheirRateAndPreserveTheMean() {
    CharGruConfig config = CharGruConfig.residual(11, 100, 100, 1);
    Batch batch = new Batch(new long[200], 20, new boolean[200]);
    StepInputs inputs =
        new StepInputs(manager, config, batch, new DropoutRates(0.4, 0, 0), false, Part.WHOLE);
    inputs.feed(EncodedText.of(TEXT), batch, 0, 0);
    NDArray mask = inputs.masks().get(0);

    assertThat(mask.eq(0).sum().getLong() / (double) mask.size()).isBetween(0.38, 0.42);
    assertThat(mask.max().getFloat()).isCloseTo(1 / 0.6f, within(1e-5f));
    assertThat(mask.mean().getFloat()).isCloseTo(1, within(0.03f));
  }

  @Test
  void dropoutRatesAreProbabilities() {
    assertThatThrownBy(() -> new DropoutRates(0, 1, 0))
        .hasMessageContaining("output dropout is 1.0");
  }
}
