package folio.inference.fused;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import folio.runtime.cuda.CudaException;
import folio.runtime.cuda.Nvrtc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests that the kernel compiles. NVRTC comes from a Python with {@code nvidia-cuda-nvrtc-cu12},
 * which FOLIO_PYTHON names and {@code .ci/run} installs.
 */
class KernelSourceTest {
  private static final String PYTHON = System.getenv().getOrDefault("FOLIO_PYTHON", "python3");
  private static Nvrtc nvrtc;

  @BeforeAll
  static void findCompiler() throws Exception {
    Optional<Path> found = find();
    String reason = "skipped: " + PYTHON + " has no nvidia-cuda-nvrtc-cu12";
    if (found.isEmpty()) {
      System.out.println(KernelSourceTest.class.getSimpleName() + " " + reason);
    }
    assumeTrue(found.isPresent(), reason);
    nvrtc = Nvrtc.at(found.get());
  }

  private static Optional<Path> find() throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(
                  PYTHON, "-c", "import nvidia.cuda_nvrtc as n; print(list(n.__path__)[0])")
              .start();
      String folder =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor() == 0 ? Nvrtc.in(Path.of(folder, "lib")) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "80, 3, 512, 4, 65, 1, 0",
    "90, 8, 512, 4, 65, 1, 1",
    "90, 1, 64, 4, 4096, 0, 0",
    "90, 2, 1024, 8, 300, 1, 1"
  })
  void compiles(
      int architecture, int layers, int hidden, int units, int vocabulary, int residual, int relu) {
    KernelLayout layout =
        new KernelLayout(
            layers, hidden, vocabulary, residual == 1, relu == 1, units, architecture < 90 ? 1 : 2);
    byte[] binary =
        nvrtc.compile(KernelCache.source(), KernelCache.SOURCE, architecture, layout.definitions());

    assertThat(binary).startsWith(0x7f, 'E', 'L', 'F');
  }

  @Test
  void reportsTheCompilersLog() {
    assertThatThrownBy(() -> nvrtc.compile("int f() { return g(); }", "wrong.cu", 90, List.of()))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("wrong.cu does not compile")
        .hasMessageContaining("\"g\" is undefined");
  }
}
