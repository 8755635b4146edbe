package folio.inference.fused;

import static folio.runtime.cuda.FakeDriver.HOPPER;
import static org.assertj.core.api.Assertions.assertThat;

import folio.model.network.CharGruConfig;
import folio.runtime.cuda.CudaDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PipelineLayoutTest {
  private static PipelineLayout layout(int vocabulary, int hidden, int layers) {
    return PipelineLayout.of(CharGruConfig.residual(vocabulary, 32, hidden, layers), HOPPER)
        .orElseThrow();
  }

  /** 132 multiprocessors have four for the head beside 128 for eight layers. */
  @ParameterizedTest
  @CsvSource({
    "8, 512, 32, 132",
    "3, 512, 16, 104",
    "1, 512, 8, 72",
    "3, 128, 8, 56",
    "2, 1024, 16, 132",
    "2, 192, 8, 56"
  })
  void givesALayerToAGroupOfBlocks(int layers, int hidden, int units, int blocks) {
    PipelineLayout layout = layout(65, hidden, layers);

    assertThat(layout.units()).isEqualTo(units);
    assertThat(layout.blocks()).isEqualTo(blocks);
    assertThat(layout.layerBlocks() * layout.units()).isEqualTo(hidden);
    assertThat(layout.sharedBytes()).isLessThanOrEqualTo(HOPPER.sharedBytes());
  }

  @Test
  void countsSharedMemoryAsAHandCalculationDoes() {
    int weights = 2 * 96 * 512 * 2;
    int exchanged = 2 * 12 * 128 * 8; // warpgroups, pairs of sums of a stream, lanes, bytes
    int biases = 2 * 96 * 4;
    int steps = (128 + 16) * 4; // of tiles and groups
    int ofAWarp = 80 * 8 + 2 * 72; // 528 warps draw 1,024 streams

    assertThat(layout(65, 512, 8).sharedBytes())
        .isEqualTo(weights + exchanged + biases + steps + 4 * ofAWarp);
    int head = 80 * 64 * 2 + 8 * 80 * 8 * 4;
    int layer = 2 * 24 * 64 * 2 + 2 * 3 * 128 * 8 + 2 * 24 * 4;
    assertThat(head).isGreaterThan(layer);
    assertThat(layout(65, 64, 1).sharedBytes()).isEqualTo(head + steps + 4 * (80 * 8 + 16 * 72));
  }

  @ParameterizedTest
  @ValueSource(ints = {80, 89, 100, 120})
  void needsAGpuWithProductsOfWarpgroups(int architecture) {
    CudaDevice gpu = new CudaDevice(architecture, 132, HOPPER.sharedBytes(), true, 13_000);

    assertThat(PipelineLayout.of(CharGruConfig.residual(65, 32, 128, 3), gpu)).isEmpty();
  }

  /** Nine layers need 144 blocks, and a large vocabulary more memory than the weights leave. */
  @ParameterizedTest
  @CsvSource({"9, 512, 65", "8, 512, 320", "1, 100, 65"})
  void doesNotTakeANetworkThatDoesNotFit(int layers, int hidden, int vocabulary) {
    CharGruConfig config = CharGruConfig.residual(vocabulary, 32, hidden, layers);

    assertThat(PipelineLayout.of(config, HOPPER)).isEmpty();
  }

  @Test
  void leavesALargeHeadInGlobalMemory() {
    assertThat(layout(160, 512, 3).sharedHead()).isTrue();
    PipelineLayout large = layout(300, 512, 3);
    assertThat(large.sharedHead()).isFalse();
    int layer = 2 * 48 * 512 * 2 + 2 * 6 * 128 * 8 + 2 * 48 * 4;
    assertThat(large.sharedBytes()).isEqualTo(layer + (128 + 16) * 4 + 4 * (304 * 8 + 3 * 72));
  }

  @ParameterizedTest
  @CsvSource({"1, 64", "64, 64", "65, 128", "1000, 1024"})
  void roundsStreamsUpToWholeGroups(int streams, int slots) {
    assertThat(PipelineLayout.wholeGroups(streams)).isEqualTo(slots);
  }
}
