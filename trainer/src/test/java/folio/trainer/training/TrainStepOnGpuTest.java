package folio.trainer.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import folio.model.network.CharGru;
import folio.model.network.CharGruConfig;
import folio.model.testing.Gpu;
import folio.trainer.corpus.Batch;
import folio.trainer.corpus.EncodedText;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests that training on a GPU, with CUDA graphs from the second step on, matches a CPU. */
class TrainStepOnGpuTest {
  private static final int[] TEXT =
      IntStream.range(0, 3000).map(i -> (i % 7 * 3 + i % 5) % 11).toArray();
  private static final int STEPS = 30;

  @BeforeAll
  static void needsAGpu() {
    Gpu.needed();
  }

  @ParameterizedTest
  @CsvSource({"1, 16", "3, 64", "8, 32"})
  void hasTheLossesOfACpu(int layers, int hidden) {
    assertSameLosses(layers, hidden, EncodedText.of(TEXT));
  }

  @ParameterizedTest
  @CsvSource({"1, 16", "3, 64", "8, 32"})
  void hasTheLossesOfACpuOnDocuments(int layers, int hidden) {
    assertSameLosses(layers, hidden, EncodedText.ofDocuments(new int[] {4, 8}, TEXT));
  }

  private static void assertSameLosses(int layers, int hidden, EncodedText text) {
    List<Double> gpu = losses(Device.gpu(), layers, hidden, text);
    List<Double> cpu = losses(Device.cpu(), layers, hidden, text);

    for (int i = 0; i < STEPS; i++) {
      assertThat(gpu.get(i)).as("loss of step %d", i).isCloseTo(cpu.get(i), within(0.01));
    }
    assertThat(gpu.get(STEPS - 1)).isLessThan(gpu.get(0) - 0.05);
  }

  @ParameterizedTest
  @CsvSource({"0.5, 0, 0", "0, 0.5, 0", "0, 0, 0.5"})
  void drawsNewMasksForEveryStep(double embedding, double output, double recurrentWeight) {
    DropoutRates rates = new DropoutRates(embedding, output, recurrentWeight);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu())) {
      CharGruConfig config = CharGruConfig.residual(11, 16, 16, 2);
      CharGru network = CharGru.initialize(manager, config, new SplittableRandom(3));
      try (AdamW optimizer = optimizer(manager, network);
          TrainStep step = step(manager, network, optimizer, rates)) {
        List<Double> losses = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
          step.run(i, new Batch(new long[] {1, 500, 900}, 20, new boolean[3]), 0);
          losses.add(step.progress(i + 1).lossNats());
        }
        assertThat(step.isCaptured()).isTrue();
        assertThat(losses).as("losses of unchanged weights").doesNotHaveDuplicates();
      }
    }
  }

  /**
   * When memory runs out, libtorch releases its reserve, which holds a captured step's temporaries.
   */
  @Test
  void continuesAfterTheDeviceRanOutOfMemory() {
    List<Double> undisturbed = lossesAroundAFullDevice(false);
    List<Double> disturbed = lossesAroundAFullDevice(true);

    assertThat(disturbed).isEqualTo(undisturbed);
  }

  private static List<Double> lossesAroundAFullDevice(boolean fill) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu())) {
      CharGruConfig config = CharGruConfig.residual(11, 64, 128, 3);
      CharGru network = CharGru.initialize(manager, config, new SplittableRandom(3));
      try (AdamW optimizer = optimizer(manager, network);
          TrainStep step = step(manager, network, optimizer, DropoutRates.NONE)) {
        List<Double> losses = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
          if (i == 10) {
            assertThat(step.isCaptured()).isTrue();
            step.discardGraph();
            if (fill) {
              fill(manager);
            }
          }
          step.run(i, new Batch(new long[] {1, 500, 900}, 40, new boolean[3]), 0.002);
          losses.add(step.progress(i + 1).lossNats());
        }
        assertThat(step.isCaptured()).isTrue();
        return losses;
      }
    }
  }

  /** Allocates one GiB at a time until memory runs out, then releases two of them. */
  private static void fill(NDManager manager) {
    List<NDArray> arrays = new ArrayList<>();
    assertThatThrownBy(
            () -> {
              for (int gib = 0; gib < 4096; gib++) {
                arrays.add(manager.ones(new Shape(1L << 28)));
              }
            })
        .hasMessageContaining("out of memory");
    assertThat(arrays).hasSizeGreaterThan(2);
    arrays.subList(0, 2).forEach(NDArray::close);
  }

  private static List<Double> losses(Device device, int layers, int hidden, EncodedText text) {
    SplittableRandom random = new SplittableRandom(5);
    try (NDManager manager = NDManager.newBaseManager(device)) {
      CharGruConfig config = CharGruConfig.residual(11, 16, hidden, layers);
      CharGru network = CharGru.initialize(manager, config, new SplittableRandom(3));
      try (AdamW optimizer = optimizer(manager, network);
          TrainStep step = step(manager, network, optimizer, DropoutRates.NONE, text)) {
        List<Double> losses = new ArrayList<>();
        List<Integer> arrays = new ArrayList<>();
        for (int i = 0; i < STEPS; i++) {
          long[] starts = random.longs(16, 0, TEXT.length).toArray();
          boolean[] carries = new boolean[16];
          for (int row = 0; row < carries.length; row++) {
            carries[row] = random.nextBoolean();
          }
          step.run(i, new Batch(starts, i < 20 ? 40 : 25, carries), 0.002 * (1 + i % 3));
          losses.add(step.progress(i + 1).lossNats());
          arrays.add(manager.getManagedArrays().size());
        }
        assertThat(arrays).as("arrays after every step").containsOnly(arrays.get(0));
        assertThat(step.isCaptured()).isEqualTo(device.isGpu());
        return losses;
      }
    }
  }

  private static AdamW optimizer(NDManager manager, CharGru network) {
    return new AdamW(manager, network.parameters(), new AdamW.Settings(0.9, 0.99, 0.01));
  }

  private static TrainStep step(
      NDManager manager, CharGru network, AdamW optimizer, DropoutRates rates) {
    return step(manager, network, optimizer, rates, EncodedText.of(TEXT));
  }

  private static TrainStep step(
      NDManager manager, CharGru network, AdamW optimizer, DropoutRates rates, EncodedText text) {
    return new TrainStep(
        manager,
        network,
        text,
        new TrainStep.StepConfig(optimizer, new GradientClipper(1), rates, 1, Precision.FLOAT32));
  }
}
