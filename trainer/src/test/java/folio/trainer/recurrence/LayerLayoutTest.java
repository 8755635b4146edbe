package folio.trainer.recurrence;

import static folio.runtime.cuda.FakeDriver.HOPPER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import folio.runtime.cuda.CudaDevice;
import folio.runtime.cuda.CudaException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerLayoutTest {
  @ParameterizedTest
  @CsvSource({
    // one wave of clusters
    "512, 64, 7, 10, 112",
    "512, 256, 7, 37, 112",
    "512, 64, 8, 8, 128",
    "128, 256, 33, 8, 128",
    // no cluster has fewer than four rows, unless the batch does
    "512, 16, 7, 4, 64",
    "512, 3, 7, 3, 16",
    "32, 1, 132, 1, 1",
    // several waves
    "512, 512, 7, 37, 224",
    "512, 337, 7, 25, 224"
  })
  void spreadsABatchOverClusters(int hidden, int batch, int clusters, int rows, int blocks) {
    LayerLayout layout = LayerLayout.of(hidden, batch, false, HOPPER, clusters);

    assertThat(layout.rows()).isEqualTo(rows);
    assertThat(layout.blocks(batch)).isEqualTo(blocks);
    assertThat(layout.forwardBytes()).isLessThanOrEqualTo(HOPPER.sharedBytes());
    assertThat(layout.backwardBytes()).isLessThanOrEqualTo(HOPPER.sharedBytes());
  }

  @Test
  void takesFewerRowsOnAGpuWithLessSharedMemory() { // 16 rows fit, in three waves
    CudaDevice smaller = new CudaDevice(120, 132, 101_376, true, 13_000);
    LayerLayout layout = LayerLayout.of(512, 256, false, smaller, 7);

    assertThat(layout.rows()).isEqualTo(13);
    assertThat(layout.backwardBytes()).isLessThanOrEqualTo(smaller.sharedBytes());
  }

  @Test
  void countsSharedMemoryAsAHandCalculationDoes() {
    LayerLayout layout = new LayerLayout(512, 10, false);
    int states = 16 * 10 * 32 * 2;
    int sums = 4 * 3 * 16 * 36 * 4; // parts, gates, rows of two tiles, units with padding
    int received = 16 * 16 * 32 * 4; // blocks, rows of two tiles, units

    assertThat(layout.forwardBytes()).isEqualTo(128 + 2 * states + 7 * 32 * 2 + 10 * 32 * 2 + sums);
    assertThat(layout.backwardBytes()).isEqualTo(128 + 2 * received + 3 * 16 * 32 * 2);
  }

  @ParameterizedTest
  @CsvSource({
    "100, hidden_size is 100; it must be a multiple of 32 up to 512",
    "544, hidden_size is 544; it must be a multiple of 32 up to 512"
  })
  void rejectsAHiddenSizeThatDoesNotFit(int hidden, String why) {
    assertThatThrownBy(() -> LayerLayout.of(hidden, 16, false, HOPPER, 7))
        .isInstanceOf(CudaException.class)
        .hasMessage(why);
  }

  @Test
  void rejectsAGpuWithoutClusters() {
    CudaDevice ampere = new CudaDevice(80, 108, 166_912, true, 12_000);

    assertThatThrownBy(() -> LayerLayout.of(512, 16, false, ampere, 7))
        .isInstanceOf(CudaException.class)
        .hasMessageStartingWith("the GPU's architecture is 80; it must be 90 or more");
  }
}
