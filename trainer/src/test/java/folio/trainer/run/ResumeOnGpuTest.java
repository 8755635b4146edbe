package folio.trainer.run;

import folio.model.testing.Gpu;
import org.junit.jupiter.api.BeforeAll;

/** Trainer processes on a GPU, in float16, that are killed or stopped, and resumed. */
class ResumeOnGpuTest extends ResumeTest {
  @BeforeAll
  static void needsAGpu() {
    Gpu.needed();
  }

  @Override
  String device() {
    return "cuda";
  }
}
