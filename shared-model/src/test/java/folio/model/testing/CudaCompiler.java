package folio.model.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import folio.runtime.cuda.Nvrtc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * CUDA's compiler for tests. It needs no GPU. It comes from a Python with {@code
 * nvidia-cuda-nvrtc-cu12}, which FOLIO_PYTHON names and {@code .ci/run} installs.
 */
public final class CudaCompiler {
  private static final String PYTHON = System.getenv().getOrDefault("FOLIO_PYTHON", "python3");

  private CudaCompiler() {}

  /** Returns the compiler, or skips a test class if there is none. */
  public static Nvrtc needed() throws InterruptedException {
    Optional<Path> found = find();
    String reason = PYTHON + " has no nvidia-cuda-nvrtc-cu12";
    assumeTrue(found.isPresent(), reason);
    return Nvrtc.at(found.get());
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
}
