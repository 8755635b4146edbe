package folio.model.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;

/** What tests need that not every machine has. */
public final class Gpu {
  private Gpu() {}

  /** Skips a test class, and says so, where there is none. */
  public static void needed(Class<?> by) {
    boolean there = Engine.getInstance().getGpuCount() > 0;
    String reason = "skipped: there is no GPU on this machine";
    if (!there) {
      System.out.println(by.getSimpleName() + " " + reason);
    }
    assumeTrue(there, reason);
  }
}
