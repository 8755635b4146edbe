package folio.trainer.recurrence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import folio.model.testing.CudaCompiler;
import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.Nvrtc;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that the kernels compile, and that they assert the sizes of their host. */
@Tag("slow")
class LayerSourceTest {
  private static Nvrtc nvrtc;

  @BeforeAll
  static void findCompiler() throws Exception {
    nvrtc = CudaCompiler.needed();
  }

  @ParameterizedTest
  @CsvSource({"512, 10, false", "512, 48, true", "320, 9, false", "32, 3, true"})
  void compiles(int hidden, int rows, boolean brain) {
    assertCompiles(90, new LayerLayout(hidden, rows, brain));
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 120})
  void compilesForLaterArchitectures(int architecture) {
    boolean known = nvrtc.architectures().contains(architecture);
    String reason = "the compiler does not know sm_" + architecture;
    assumeTrue(known, reason);
    assertCompiles(architecture, new LayerLayout(128, 8, false));
  }

  private static void assertCompiles(int architecture, LayerLayout layout) {
    byte[] binary = nvrtc.compile(LayerKernels.program(), architecture, layout.definitions());

    assertThat(binary).startsWith(0x7f, 'E', 'L', 'F');
  }

  @ParameterizedTest
  @CsvSource({
    "PASS_BYTES, Pass has another size",
    "FORWARD_BYTES, LayerLayout computes another size",
    "BACKWARD_BYTES, LayerLayout computes another size"
  })
  void assertsTheSizesOfItsHost(String name, String why) {
    List<String> definitions =
        new LayerLayout(64, 8, false)
            .definitions().stream()
                .map(definition -> definition.startsWith(name + "=") ? name + "=16" : definition)
                .toList();

    assertThatThrownBy(() -> nvrtc.compile(LayerKernels.program(), 90, definitions))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining(why);
  }

  @Test
  void hasNoRoomForAnotherHiddenSize() {
    assertThatThrownBy(
            () ->
                nvrtc.compile(
                    LayerKernels.program(), 90, new LayerLayout(544, 8, false).definitions()))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("the layout is not one of LayerLayout.of");
  }
}
