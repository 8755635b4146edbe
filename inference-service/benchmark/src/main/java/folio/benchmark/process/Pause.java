package folio.benchmark.process;

import java.time.Duration;

/** A sleep whose interruption ends the whole command. */
public final class Pause {
  private Pause() {}

  /**
   * Sleeps.
   *
   * @throws BenchmarkException if the thread is interrupted; its interrupt flag stays set
   */
  public static void sleep(Duration time) {
    try {
      Thread.sleep(time.toMillis(), time.toNanosPart() % 1_000_000);
    } catch (InterruptedException e) {
      throw BenchmarkException.interrupted(e);
    }
  }
}
