package folio.inference.fused;

import static folio.runtime.cuda.FakeDriver.HOPPER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.model.network.CharGruConfig;
import folio.runtime.cuda.CudaDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelLayoutTest {
  @ParameterizedTest
  @CsvSource({
    "8, 512, 256, 4, 128",
    "3, 512, 256, 4, 128",
    "3, 128, 256, 4, 32",
    "1, 64, 256, 4, 16",
    "2, 1024, 256, 8, 128",
    "2, 576, 256, 8, 72"
  })
  void spreadsANetworkOverTheMultiprocessors(
      int layers, int hidden, int slots, int units, int blocks) {
    KernelLayout layout = KernelLayout.of(CharGruConfig.residual(65, 32, hidden, layers), HOPPER);

    assertThat(layout.units()).isEqualTo(units);
    assertThat(layout.blocks()).isEqualTo(blocks);
    assertThat(layout.blocks() * layout.units()).isEqualTo(hidden);
    assertThat(layout.maxSlots(HOPPER, 1000)).isEqualTo(slots);
    assertThat(layout.maxSlots(HOPPER, 5)).isEqualTo(8);
    assertThat(layout.sharedBytes(slots)).isLessThanOrEqualTo(HOPPER.sharedBytes());
  }

  @Test
  void countsSharedMemoryAsAHandCalculationDoes() {
    KernelLayout layout = KernelLayout.of(CharGruConfig.residual(65, 32, 512, 8), HOPPER);
    int weights = 15 * 12 * 512 * 2;
    int sampler = 80 * (8 + 4);
    int biases = 8 * 2 * 12 * 4;
    int sums = 2 * 12 * 8 * 4;
    int common = weights + biases;
    int head = 8 * 80 * 4;
    int ofAStream = 4 * 4 + 4; // outputs of the layer before, and lengths

    assertThat(layout.sharedBytes(8))
        .isEqualTo(common + sampler + 8 * ofAStream + 8 * sums + 8 * 4 * 8 * 4 + sums);
    int received = 4 * 8 * 2 * 16 * 8 * 4; // tiles, warps, products, rows in eights, streams
    assertThat(layout.sharedBytes(256))
        .isEqualTo(common + 2 * sampler + 256 * ofAStream + head + 8 * 8 + received);
  }

  @Test
  void aLargerVocabularyAllowsFewerStreams() {
    KernelLayout layout = KernelLayout.of(CharGruConfig.residual(200, 32, 512, 8), HOPPER);
    int slots = layout.maxSlots(HOPPER, 256);

    assertThat(slots).isEqualTo(192);
    assertThat(layout.sharedBytes(slots)).isLessThanOrEqualTo(HOPPER.sharedBytes());
    assertThat(layout.sharedBytes(slots + KernelLayout.TILE)).isGreaterThan(HOPPER.sharedBytes());
  }

  /** The limits are those of docs/gpu.md. */
  @ParameterizedTest
  @CsvSource({"8, 1024, 160", "3, 3840, 2368"})
  void limitsTheVocabulary(int layers, int largest, int largestForAllSlots) {
    CharGruConfig network = CharGruConfig.residual(largest, 32, 512, layers);
    assertThat(KernelLayout.of(network, HOPPER).maxSlots(HOPPER, 256)).isGreaterThanOrEqualTo(8);
    assertRejected(CharGruConfig.residual(largest + 1, 32, 512, layers), HOPPER, "do not fit");
    assertThat(slots(layers, largestForAllSlots)).isEqualTo(256);
    assertThat(slots(layers, largestForAllSlots + 1)).isLessThan(256);
  }

  private static int slots(int layers, int vocabulary) {
    KernelLayout layout =
        KernelLayout.of(CharGruConfig.residual(vocabulary, 32, 512, layers), HOPPER);
    return layout.maxSlots(HOPPER, 256);
  }

  /** Without clusters, a warp's tiles share the memory of their sums. */
  @ParameterizedTest
  @CsvSource({"108, 166912, 512, 65, 256", "108, 166912, 512, 97, 256", "58, 101376, 256, 65, 256"})
  void allowsManyStreamsOnOtherGpus(
      int multiprocessors, int sharedBytes, int hidden, int vocabulary, int slots) {
    CudaDevice gpu = new CudaDevice(80, multiprocessors, sharedBytes, true, 13_000);
    KernelLayout layout = KernelLayout.of(CharGruConfig.residual(vocabulary, 32, hidden, 3), gpu);

    assertThat(layout.cluster()).isEqualTo(1);
    assertThat(layout.maxSlots(gpu, 256)).isEqualTo(slots);
  }

  @Test
  void reportsWhyANetworkIsRejected() {
    assertRejected(
        CharGruConfig.residual(65, 32, 500, 3),
        HOPPER,
        "hidden_size is 500; it must be a multiple of 64");
    assertRejected(CharGruConfig.residual(65, 32, 1024, 8), HOPPER, "do not fit");
    assertRejected(CharGruConfig.residual(20_000, 32, 512, 8), HOPPER, "do not fit");
    assertRejected(
        CharGruConfig.residual(65, 32, 512, 8),
        new CudaDevice(75, 132, 232_448, true, 13_000),
        "architecture is 75");
    assertRejected(
        CharGruConfig.residual(65, 32, 512, 8),
        new CudaDevice(90, 108, 232_448, true, 13_000),
        "do not fit");
  }

  private static void assertRejected(CharGruConfig network, CudaDevice gpu, String why) {
    assertThatThrownBy(() -> KernelLayout.of(network, gpu))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining(why);
  }
}
