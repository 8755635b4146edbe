package folio.benchmark;

import java.time.Duration;

/** Waiting, where being interrupted means that the whole run is over. */
final class Pause {
  private Pause() {}

  /**
   * Sleeps.
   *
   * @throws BenchmarkException if the thread is interrupted; it stays so
   */
  static void of(Duration time) {
    try {
      Thread.sleep(time.toMillis(), time.toNanosPart() % 1_000_000);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** What to throw after an interrupt; the thread stays interrupted. */
  static BenchmarkException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new BenchmarkException("interrupted", cause);
  }
}
