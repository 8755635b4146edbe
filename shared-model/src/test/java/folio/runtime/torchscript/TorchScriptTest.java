package folio.runtime.torchscript;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import org.junit.jupiter.api.Test;

class TorchScriptTest {
  /** The source files of Folio need all of this of libtorch's reader of archives. */
  @Test
  void compilesCommentsNamedTuplesAndCallsOfOtherMethods() {
    TorchScript script =
        TorchScript.load(TorchScriptTest.class, "Dialect", "dialect.torchscript.py");

    try (NDManager manager = NDManager.newBaseManager();
        NDArray x = manager.create(new float[] {1, 2});
        IValue result = script.run("twice_plus", x, 0.5)) {
      assertThat(result.toTensor((PtNDManager) manager).toFloatArray()).containsExactly(2.5f, 4.5f);
      assertThat(x.toFloatArray()).containsExactly(1, 2);
    }
  }

  @Test
  void namesAResourceThatIsMissing() {
    assertThatThrownBy(() -> TorchScript.load(TorchScriptTest.class, "Dialect", "missing.py"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the class path has no missing.py");
  }

  @Test
  void rejectsAnArgumentOfAnotherType() {
    assertThatThrownBy(() -> TorchScript.value(new Object[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no TorchScript function takes");
  }
}
