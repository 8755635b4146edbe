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
      int layers, int hidden, int places, int units, int blocks) {
    KernelLayout plan = KernelLayout.of(CharGruConfig.residual(65, 32, hidden, layers), HOPPER);

    assertThat(plan.units()).isEqualTo(units);
    assertThat(plan.blocks()).isEqualTo(blocks);
    assertThat(plan.blocks() * plan.units()).isEqualTo(hidden);
    assertThat(plan.mostPlaces(HOPPER, 1000)).isEqualTo(places);
    assertThat(plan.mostPlaces(HOPPER, 5)).isEqualTo(8);
    assertThat(plan.sharedBytes(places)).isLessThanOrEqualTo(HOPPER.sharedBytes());
  }

  @Test
  void sharedMemoryIsWhatIsCountedByHand() {
    KernelLayout plan = KernelLayout.of(CharGruConfig.residual(65, 32, 512, 8), HOPPER);
    int weights = 15 * 12 * 512 * 2;
    int chooser = 80 * (8 + 4);
    int biases = 8 * 2 * 12 * 4;
    int sums = 2 * 12 * 8 * 4;
    int common = weights + biases;
    int head = 8 * 80 * 4;
    int ofAStream = 4 * 4 + 4; // what a layer gives the next, and its length

    assertThat(plan.sharedBytes(8))
        .isEqualTo(common + chooser + 8 * ofAStream + 8 * sums + 8 * 4 * 8 * 4 + sums);
    int received = 4 * 8 * 2 * 16 * 8 * 4; // a warp's tiles, of two products, in rows of eight
    assertThat(plan.sharedBytes(256))
        .isEqualTo(common + 2 * chooser + 256 * ofAStream + head + 8 * 8 + received);
  }

  /** Other shapes: one block by itself, more units, a head that needs more than sums do. */
  @ParameterizedTest
  @CsvSource({
    "8, 512, 65, 4, 2", "3, 512, 97, 4, 1", "3, 512, 3000, 4, 2", "1, 64, 4000, 4, 2",
    "2, 1024, 65, 8, 1", "2, 768, 300, 12, 2", "1, 2048, 65, 16, 2", "1, 2048, 2, 16, 1"
  })
  void sharedMemoryIsWhatTheKernelLaysOut(
      int layers, int hidden, int vocabulary, int units, int cluster) {
    KernelLayout plan = new KernelLayout(layers, hidden, vocabulary, true, false, units, cluster);
    for (int places = 8; places <= KernelLayout.MAX_PLACES; places += 8) {
      assertThat(plan.sharedBytes(places))
          .as("%d places", places)
          .isEqualTo(laidOut(layers, hidden, vocabulary, units, cluster, places));
    }
  }

  /** Where {@code Block::layOut} ends, and what lies behind the last address that it sets. */
  private static int laidOut(
      int layers, int hidden, int vocabulary, int units, int cluster, int places) {
    int rows = 3 * units;
    int headRows = (vocabulary + 15) / 16 * 16;
    int choosers = Math.min(8, (places + hidden / units - 1) / (hidden / units));
    int at = (2 * layers - 1) * (hidden / 32 * rows * 32) * 2; // chances
    at += choosers * headRows * 8; // xs
    at += units * places * 4; // bias
    at += layers * 6 * units * 4; // logits
    at += choosers * headRows * 4; // lengths
    at += places * 2 * 2; // parts
    if (places <= 8) {
      at += Math.max(2 * rows * 8, headRows) * 8 * 4; // hs
      at += layers * units * places * 4; // sums
      return at + 2 * rows * 8 * 4;
    }
    at += headRows * 8 * 4; // arrivals
    assertThat(at % 8).as("where a barrier may be").isZero();
    at += 8 * 8; // received
    int tiles = cluster == 1 ? 1 : (places / 8 + 7) / 8;
    return at + tiles * 8 * 2 * ((rows + 7) / 8 * 64) * 4;
  }

  @Test
  void aLargerVocabularyLeavesRoomForFewerStreams() {
    KernelLayout plan = KernelLayout.of(CharGruConfig.residual(200, 32, 512, 8), HOPPER);
    int places = plan.mostPlaces(HOPPER, 256);

    assertThat(places).isEqualTo(192);
    assertThat(plan.sharedBytes(places)).isLessThanOrEqualTo(HOPPER.sharedBytes());
    assertThat(plan.sharedBytes(places + KernelLayout.TILE)).isGreaterThan(HOPPER.sharedBytes());
  }

  /** As the README has it. */
  @ParameterizedTest
  @CsvSource({"8, 1024, 160", "3, 3840, 2368"})
  void aVocabularyHasALimit(int layers, int largest, int largestForAllPlaces) {
    CharGruConfig network = CharGruConfig.residual(largest, 32, 512, layers);
    assertThat(KernelLayout.of(network, HOPPER).mostPlaces(HOPPER, 256)).isGreaterThanOrEqualTo(8);
    assertRefused(CharGruConfig.residual(largest + 1, 32, 512, layers), HOPPER, "do not fit");
    assertThat(places(layers, largestForAllPlaces)).isEqualTo(256);
    assertThat(places(layers, largestForAllPlaces + 1)).isLessThan(256);
  }

  private static int places(int layers, int vocabulary) {
    KernelLayout plan =
        KernelLayout.of(CharGruConfig.residual(vocabulary, 32, 512, layers), HOPPER);
    return plan.mostPlaces(HOPPER, 256);
  }

  /** Where blocks are no clusters, what they have of a tile is not kept for the next. */
  @ParameterizedTest
  @CsvSource({"108, 166912, 512, 65, 256", "108, 166912, 512, 97, 256", "58, 101376, 256, 65, 256"})
  void otherGpusHaveRoomForManyStreams(
      int multiprocessors, int sharedBytes, int hidden, int vocabulary, int places) {
    CudaDevice gpu = new CudaDevice(80, multiprocessors, sharedBytes, true, 13_000);
    KernelLayout plan = KernelLayout.of(CharGruConfig.residual(vocabulary, 32, hidden, 3), gpu);

    assertThat(plan.cluster()).isEqualTo(1);
    assertThat(plan.mostPlaces(gpu, 256)).isEqualTo(places);
  }

  @Test
  void saysWhyANetworkIsNotDecodedThere() {
    assertRefused(CharGruConfig.residual(65, 32, 500, 3), HOPPER, "500 is no multiple of 64");
    assertRefused(CharGruConfig.residual(65, 32, 1024, 8), HOPPER, "do not fit");
    assertRefused(CharGruConfig.residual(20_000, 32, 512, 8), HOPPER, "do not fit");
    assertRefused(
        CharGruConfig.residual(65, 32, 512, 8),
        new CudaDevice(75, 132, 232_448, true, 13_000),
        "architecture is 75");
    assertRefused(
        CharGruConfig.residual(65, 32, 512, 8),
        new CudaDevice(90, 108, 232_448, true, 13_000),
        "do not fit");
  }

  private static void assertRefused(CharGruConfig network, CudaDevice gpu, String why) {
    assertThatThrownBy(() -> KernelLayout.of(network, gpu))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining(why);
  }
}
