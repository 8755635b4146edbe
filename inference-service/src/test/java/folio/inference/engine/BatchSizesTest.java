package folio.inference.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BatchSizesTest {
  @ParameterizedTest
  @ValueSource(
      ints = {1, 2, 3, 4, 7, 8, 9, 16, 17, 63, 64, 65, 100, 128, 129, 500, 1024, 1025, 4000})
  void fitsAreWarmedAndLittleIsIdle(int rows) {
    int size = BatchSizes.fit(rows);

    assertThat(BatchSizes.upTo(4096)).isSorted().doesNotHaveDuplicates().contains(size);
    assertThat(BatchSizes.fit(size)).isEqualTo(size);
    assertThat(size).isBetween(rows, rows <= 8 ? 2 * rows : rows + Math.max(7, rows / 8));
  }
}
