package folio.trainer.batch;

import java.time.Duration;

/** A way to wait. */
interface Pause {
  /** Waits for a time. */
  void of(Duration time) throws InterruptedException;
}
