package folio.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.testing.Gpu;
import folio.runtime.cuda.CudaDevice;
import folio.trainer.corpus.Batch;
import folio.trainer.corpus.EncodedText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests training in 16 bits on a GPU, by Folio's kernels where these can run. */
class HalfPrecisionOnGpuTest {
  private static final int[] TEXT =
      IntStream.range(0, 3000).map(i -> (i % 7 * 3 + i % 5) % 11).toArray();

  /** The largest relative error of a gradient. cuDNN's float32 rounds factors to TF32. */
  private static final Map<Precision, Double> LARGEST_ERROR =
      Map.of(Precision.FLOAT32, 5e-3, Precision.FLOAT16, 1e-2, Precision.BFLOAT16, 6e-2);

  private final NDManager manager = NDManager.newBaseManager(Device.gpu());

  @BeforeAll
  static void needsAGpu() {
    Gpu.needed();
  }

  private static EncodedText text(boolean documents) {
    return documents ? EncodedText.ofDocuments(new int[] {4, 8}, TEXT) : EncodedText.of(TEXT);
  }

  private TrainStep step(CharGru network, boolean documents, DropoutRates rates, Precision type) {
    AdamW optimizer = new AdamW(manager, network.parameters(), new AdamW.Settings(0.9, 0.99, 0));
    return new TrainStep(
        manager,
        network,
        text(documents),
        new TrainStep.StepConfig(optimizer, new GradientClipper(1), rates, 1, type));
  }

  /** The hidden sizes 48 and 544 are left to cuDNN. */
  @ParameterizedTest
  @CsvSource({
    "FLOAT32, 48, 2, 16, true",
    "FLOAT32, 128, 3, 70, false",
    "FLOAT32, 512, 2, 64, false",
    "FLOAT16, 32, 1, 3, false",
    "FLOAT16, 64, 2, 16, true",
    "FLOAT16, 128, 3, 70, false",
    "FLOAT16, 320, 1, 9, true",
    "FLOAT16, 512, 2, 64, false",
    "FLOAT16, 512, 1, 300, true",
    "FLOAT16, 48, 2, 16, false",
    "FLOAT16, 48, 2, 16, true",
    "FLOAT16, 544, 1, 8, false",
    "BFLOAT16, 256, 2, 20, true",
    "BFLOAT16, 48, 2, 16, false"
  })
  void hasTheGradientsOfFloat64(
      Precision type, int hidden, int layers, int rows, boolean documents) {
    CharGruConfig config = CharGruConfig.residual(11, 24, hidden, layers);
    SplittableRandom random = new SplittableRandom(5);
    boolean[] carries = new boolean[rows];
    for (int row = 0; row < rows; row++) {
      carries[row] = random.nextBoolean();
    }
    Batch batch = new Batch(random.longs(rows, 0, TEXT.length).toArray(), 33, carries);
    for (DropoutRates rates : List.of(DropoutRates.NONE, new DropoutRates(0.2, 0.4, 0.25))) {
      try (CharGru network = CharGru.initialize(manager, config, new SplittableRandom(3));
          StepInputs inputs = new StepInputs(manager, config, batch, rates, documents, Part.WHOLE);
          Layers layersOfType = LayersLoader.load(config, Device.gpu(), type, rows)) {
        Engine.getInstance().setRandomSeed(3);
        inputs.feed(text(documents), batch, 0, 0);
        NDArray state =
            manager.randomNormal(network.zeroState(manager, rows).getShape()).clip(-0.9, 0.9);
        List<NDArray> expected = Float64Gradients.of(manager, network, inputs, state);
        float scale = type == Precision.FLOAT16 ? 65_536 : 1;
        List<NDArray> actual =
            new Backpropagation(network, type, 1)
                .run(
                    (PtNDManager) manager,
                    layersOfType,
                    inputs,
                    state,
                    List.of(manager.create(new float[] {scale})),
                    computed -> {})
                .values();
        for (int i = 0; i < expected.size(); i++) {
          assertThat(Float64Gradients.relativeError(actual.get(i).div(scale), expected.get(i)))
              .as("relative error of %s", network.parameters().get(i).name())
              .isLessThan(LARGEST_ERROR.get(type));
        }
      }
    }
  }

  @Test
  void runsTheKernelsOnAHopperGpu() {
    boolean hopper = CudaDevice.of(Device.gpu()).architecture() >= 90;
    CharGruConfig config = CharGruConfig.residual(11, 24, 512, 2);
    try (Layers layers = LayersLoader.load(config, Device.gpu(), Precision.FLOAT16, 64)) {
      assertThat(layers instanceof KernelLayers).isEqualTo(hopper);
    }
  }

  @ParameterizedTest
  @CsvSource({"FLOAT16, 64", "FLOAT16, 48", "BFLOAT16, 64"})
  void learnsAsInFloat32(Precision type, int hidden) {
    List<Double> expected = losses(Precision.FLOAT32, hidden);
    List<Double> actual = losses(type, hidden);
    IntStream.range(0, expected.size())
        .forEach(
            i ->
                assertThat(Math.abs(actual.get(i) - expected.get(i)))
                    .as("difference of the losses of step %d", i)
                    .isLessThan(type == Precision.FLOAT16 ? 0.02 : 0.05));
    assertThat(actual.get(actual.size() - 1)).isLessThan(actual.get(0) - 0.05);
  }

  private List<Double> losses(Precision type, int hidden) {
    CharGruConfig config = CharGruConfig.residual(11, 16, hidden, 2);
    SplittableRandom random = new SplittableRandom(5);
    try (CharGru network = CharGru.initialize(manager, config, new SplittableRandom(3));
        TrainStep step = step(network, false, DropoutRates.NONE, type)) {
      List<Double> losses = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        long[] starts = random.longs(16, 0, TEXT.length).toArray();
        step.run(i, new Batch(starts, i < 40 ? 40 : 25, new boolean[16]), 0.002);
        losses.add(step.progress(i + 1).lossNats());
      }
      assertThat(step.isCaptured()).isTrue();
      return losses;
    }
  }

  /**
   * A weight of 1,000 in the head makes the gradients overflow until the factor is small enough.
   */
  @Test
  void skipsStepsWhoseGradientsOverflow() {
    CharGruConfig config = CharGruConfig.residual(11, 16, 64, 2);
    try (CharGru network = CharGru.initialize(manager, config, new SplittableRandom(3));
        TrainStep step = step(network, false, DropoutRates.NONE, Precision.FLOAT16)) {
      network.parameters().get(3).values().muli(1000);
      float[] before = network.parameters().get(1).values().toFloatArray();
      Batch batch = new Batch(new long[] {1, 500, 900}, 20, new boolean[3]);
      step.run(0, batch, 0.002);
      assertThat(step.progress(1).skippedSteps()).isEqualTo(1);
      assertThat(network.parameters().get(1).values().toFloatArray()).isEqualTo(before);

      long skipped = 0;
      for (int i = 1; i < 20; i++) {
        step.run(i, batch, 0.002);
        skipped += step.progress(i + 1).skippedSteps();
      }
      assertThat(skipped).isLessThan(19);
      assertThat(step.lossScale().toFloatArray()[0]).isLessThan(65_536);
      assertThat(network.parameters().get(1).values().toFloatArray()).isNotEqualTo(before);
    }
  }
}
