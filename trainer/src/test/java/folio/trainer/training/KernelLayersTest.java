package folio.trainer.training;

import static folio.runtime.cuda.FakeDriver.HOPPER;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import folio.model.kernel.KernelCache;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.network.NetworkKind;
import folio.model.network.Nonlinearity;
import folio.runtime.cuda.FakeDriver;
import folio.trainer.corpus.Batch;
import folio.trainer.corpus.EncodedText;
import folio.trainer.recurrence.LayerKernels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests the layers of Folio's kernels with {@link HostRecurrence} in place of the kernels: the
 * gradients are those of float32.
 */
class KernelLayersTest {
  private static final int HIDDEN = 32;
  private static final int[] TEXT = new SplittableRandom(1).ints(500, 0, 11).toArray();
  private static final Batch BATCH =
      new Batch(
          new long[] {3, 480, 77, 200, 495}, 20, new boolean[] {true, false, true, true, false});

  private final NDManager manager = NDManager.newBaseManager();
  private FakeDriver driver;
  @TempDir Path folder;

  @BeforeEach
  void replaceDriver() {
    driver = new FakeDriver(HOPPER, new HostRecurrence(HIDDEN), HostRecurrence.PARAMETER_BYTES);
    driver.runAtOnce();
  }

  @AfterEach
  void close() {
    manager.close();
    driver.close();
  }

  private KernelLayers layers() {
    KernelCache cache =
        new KernelCache(
            folder,
            (program, architecture, definitions) -> "binary".getBytes(StandardCharsets.UTF_8));
    return new KernelLayers(
        LayerKernels.load(Device.cpu(), HIDDEN, BATCH.rows(), true, cache), Precision.BFLOAT16);
  }

  private Gradients gradients(
      CharGru network, StepInputs inputs, NDArray state, Precision precision, Layers layers) {
    return new Backpropagation(network, precision, 1)
        .run((PtNDManager) manager, layers, inputs, state, List.of(), computed -> {});
  }

  @ParameterizedTest
  @CsvSource({
    "RESIDUAL, 3, NONE, NONE, 0, false, false",
    "RESIDUAL, 2, RELU, NONE, 9, false, true",
    "RESIDUAL, 2, NONE, RELU, 8, true, false",
    "PLAIN, 2, TANH, NONE, 0, false, true",
    "PLAIN, 2, TANH, RELU, 0, false, true"
  })
  void haveTheGradientsOfFloat32(
      NetworkKind kind,
      int layers,
      Nonlinearity embeddingActivation,
      Nonlinearity headActivation,
      int projection,
      boolean tied,
      boolean documents) {
    CharGruConfig config =
        new CharGruConfig(
            kind,
            11,
            kind == NetworkKind.PLAIN ? HIDDEN : 8,
            HIDDEN,
            layers,
            embeddingActivation,
            headActivation,
            projection == 0 ? null : projection,
            tied);
    EncodedText text =
        documents ? EncodedText.ofDocuments(new int[] {4}, TEXT) : EncodedText.of(TEXT);
    for (DropoutRates rates : List.of(DropoutRates.NONE, new DropoutRates(0.2, 0.4, 0.25))) {
      CharGru network = CharGru.initialize(manager, config, new SplittableRandom(3));
      StepInputs inputs = new StepInputs(manager, config, BATCH, rates, documents, Part.WHOLE);
      inputs.feed(text, BATCH, 0, 0);
      NDArray state =
          manager.randomNormal(network.zeroState(manager, BATCH.rows()).getShape()).clip(-0.9, 0.9);
      Gradients expected =
          gradients(
              network, inputs, state, Precision.FLOAT32, new LibtorchLayers(Precision.FLOAT32));
      try (KernelLayers kernels = layers()) {
        Gradients actual = gradients(network, inputs, state, Precision.BFLOAT16, kernels);

        assertClose("loss", actual.loss(), expected.loss(), 0.003);
        assertClose("last state", actual.lastState(), expected.lastState(), 0.01);
        for (int i = 0; i < expected.values().size(); i++) {
          assertClose(
              network.parameters().get(i).name(),
              actual.values().get(i),
              expected.values().get(i),
              // An output near 0 may have the other sign in 16 bits, where ReLU's slope differs.
              headActivation == Nonlinearity.RELU ? 0.15 : 0.01);
        }
      }
    }
  }

  private static void assertClose(String name, NDArray actual, NDArray expected, double limit) {
    double error = norm(actual.sub(expected)) / norm(expected);
    assertThat(error).as("relative error of %s", name).isLessThan(limit);
  }

  private static double norm(NDArray array) {
    return Math.sqrt(array.square().sum().getFloat());
  }

  @Test
  void unloadTheKernels() {
    layers().close();

    assertThat(driver.modules()).isZero();
    assertThat(driver.allocations()).isZero();
  }

  @Test
  void areLibtorchsIfTheGpuCannotRunAClusterOfTheKernels() {
    driver.setMaxActiveClusters(0);
    CharGruConfig config = CharGruConfig.residual(11, 8, 64, 1);
    try (Layers layers = LayersLoader.load(config, Device.cpu(), Precision.FLOAT16, 4)) {
      assertThat(layers).isInstanceOf(LibtorchLayers.class);
    }
    assertThat(driver.modules()).isZero();
  }
}
