package folio.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.EngineException;
import org.junit.jupiter.api.Test;

class EngineLoaderTest {
  @Test
  void saysThatALibtorchForGpusNeedsADriver() {
    Throwable cause =
        new UnsatisfiedLinkError(
            "/torch/lib/libcaffe2_nvrtc.so: libcuda.so.1: cannot open shared object file");

    assertThat(EngineLoader.describe(new EngineException("Failed to load", cause), null))
        .isEqualTo(
            "the engine libtorch cannot be loaded: Failed to load (UnsatisfiedLinkError:"
                + " /torch/lib/libcaffe2_nvrtc.so: libcuda.so.1: cannot open shared object file);"
                + " this libtorch is for GPUs and needs NVIDIA's driver; use one for CPUs here");
  }

  @Test
  void namesAPlatformWithoutAnEngine() {
    assertThat(EngineLoader.describe(new EngineException("no library"), "Linux with musl"))
        .endsWith(
            "; Folio needs Linux with glibc on x86-64 or ARM64, or macOS on Apple silicon, and"
                + " this machine is Linux with musl");
  }
}
