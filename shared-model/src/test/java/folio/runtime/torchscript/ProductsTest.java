package folio.runtime.torchscript;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProductsTest {
  private static final int ROWS = 67;
  private static final int K = 300;
  private static final int M = 70;

  @ParameterizedTest
  @EnumSource
  void computesTheProduct(Products products) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = random(manager, ROWS, K);
      NDArray weight = random(manager, M, K);

      float[] expected =
          x.toType(DataType.FLOAT64, false)
              .matMul(weight.toType(DataType.FLOAT64, false).transpose())
              .toType(DataType.FLOAT32, false)
              .toFloatArray();

      assertThat(product(manager, products, x, weight)).hasSize(ROWS * M);
      assertThat(product(manager, products, x, weight)).containsExactly(expected, within(1e-3f));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRowHasTheSameBitsAloneAndAmongOthers(Products products) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = random(manager, ROWS, K);
      NDArray weight = random(manager, M, K);
      float[] all = product(manager, products, x, weight);

      for (int rows = 1; rows <= ROWS; rows++) {
        NDArray last = x.get(new NDIndex("{}:{}", ROWS - rows, ROWS));
        float[] some = product(manager, products, last, weight);
        for (int i = 0; i < some.length; i++) {
          assertThat(some[i]).as("%d rows", rows).isEqualTo(all[(ROWS - rows) * M + i]);
        }
      }
    }
  }

  /** Shows that the test above can fail: another order of the same sums has other bits. */
  @ParameterizedTest
  @EnumSource
  void anotherOrderOfSumsHasOtherBits(Products products) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = random(manager, ROWS, K);
      NDArray weight = random(manager, M, K);

      float[] reversed = product(manager, products, x.flip(1), weight.flip(1));

      assertThat(reversed).isNotEqualTo(product(manager, products, x, weight));
    }
  }

  @Test
  void namesTheImplementations() {
    assertThat(Products.of("portable")).isEqualTo(Products.PORTABLE);
    assertThat(Products.of("onednn")).isEqualTo(Products.ONEDNN);
    assertThatThrownBy(() -> Products.of("mkl"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("folio.products is mkl; it must be onednn or portable");
  }

  private static NDArray random(NDManager manager, int rows, int columns) {
    return manager.randomUniform(-1, 1, new Shape(rows, columns));
  }

  private static float[] product(NDManager manager, Products products, NDArray x, NDArray weight) {
    TorchScript script =
        TorchScript.load(ProductsTest.class, "Probe", "probe.torchscript.py", products);
    try (IValue result = script.run("product", x, weight)) {
      return result.toTensor((PtNDManager) manager).toFloatArray();
    }
  }
}
