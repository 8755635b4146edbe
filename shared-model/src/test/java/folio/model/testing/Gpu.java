package folio.model.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;

/** The condition of tests that need a GPU. */
public final class Gpu {
  private Gpu() {}

  /** Skips a test class if the machine has no GPU. */
  public static void needed() {
    boolean available = Engine.getInstance().getGpuCount() > 0;
    String reason = "there is no GPU on this machine";
    assumeTrue(available, reason);
  }

  /** Skips a test class if the machine has fewer GPUs than a number. */
  public static void needed(int number) {
    int count = Engine.getInstance().getGpuCount();
    assumeTrue(count >= number, "there are " + count + " GPUs on this machine, not " + number);
  }
}
