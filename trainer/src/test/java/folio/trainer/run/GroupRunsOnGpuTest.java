package folio.trainer.run;

import folio.model.testing.Gpu;
import org.junit.jupiter.api.BeforeAll;

/** Groups of real processes on two GPUs, which exchange gradients by NCCL. */
class GroupRunsOnGpuTest extends GroupRunsTest {
  @BeforeAll
  static void needsTwoGpus() {
    Gpu.needed(2);
  }

  @Override
  String device() {
    return "cuda";
  }

  @Override
  int others() {
    return 1;
  }
}
