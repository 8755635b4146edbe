package folio.inference.engine;

import java.util.Arrays;
import java.util.function.IntSupplier;

/**
 * Chooses a worker for each request. It fills a worker up to a minimum first; further requests go
 * to the least busy worker. Owned by the {@link AdmissionQueue}, under its lock.
 */
final class WorkerAllocator {
  /** Stands for no worker. */
  static final int NONE = -1;

  /**
   * Every worker has room for this many sequences, so that the choices of a prompt fit together.
   */
  private static final int MIN_ROWS_FOR_CHOICES = 16;

  private final int slots;
  private final WorkerSettings settings;
  private final int[] running;
  private IntSupplier fusedSlots = () -> 0;

  /**
   * Creates an allocator without running requests.
   *
   * @param slots the largest number of sequences that run at once
   */
  WorkerAllocator(int slots, WorkerSettings settings) {
    this.slots = slots;
    this.settings = settings;
    this.running = new int[settings.count()];
  }

  /**
   * Sets the source of the number of sequences that a worker decodes with the persistent kernel.
   */
  void setFusedSlotsSource(IntSupplier source) {
    fusedSlots = source;
  }

  /** Returns the worker that a request should run on now, or {@link #NONE} without room. */
  int workerFor(QueuedRequest request) {
    int needed = request.slots();
    if (running() + needed > slots) {
      return NONE;
    }
    int fillLimit = Math.max(settings.minRowsPerWorker(), fusedSlots.getAsInt());
    int smallest = 0;
    for (int worker = 0; worker < running.length; worker++) {
      if (running[worker] > 0 && running[worker] + needed <= fillLimit) {
        return worker;
      }
      smallest = running[worker] < running[smallest] ? worker : smallest;
    }
    return running[smallest] + needed <= maxPerWorker() ? smallest : NONE;
  }

  /** Returns the largest number of requests on a worker that has no fused decoder. */
  int maxPerWorker() {
    int share = (slots + settings.count() - 1) / settings.count();
    return Math.min(
        slots, Math.max(MIN_ROWS_FOR_CHOICES, Math.max(settings.minRowsPerWorker(), share)));
  }

  /** Returns how many requests run. */
  int running() {
    return Arrays.stream(running).sum();
  }

  void acquire(int worker, int count) {
    running[worker] += count;
  }

  void release(int worker, int count) {
    running[worker] -= count;
  }
}
