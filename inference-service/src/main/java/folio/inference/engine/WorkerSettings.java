package folio.inference.engine;

import ai.djl.Device;

/**
 * The number of workers of an engine. A worker is a thread that steps sequences of its own at its
 * own pace: workers never wait for each other, so a core that another process holds up delays only
 * its own sequences.
 *
 * @param device where they compute
 * @param count how many workers there are
 * @param minRowsPerWorker up to this many running requests share one worker
 */
public record WorkerSettings(Device device, int count, int minRowsPerWorker) {
  /** On a CPU, a pass over 4 rows takes no longer than one over 1 row. */
  private static final int CPU_ROWS_PER_WORKER = 4;

  /** On a GPU, sampling for more than 64 rows takes longer than a step. */
  private static final int GPU_ROWS_PER_WORKER = 64;

  /** On a GPU, some workers sample while others compute; 4 were the fastest in the benchmark. */
  private static final int GPU_WORKERS = 4;

  /**
   * Returns the settings that suit a device.
   *
   * @param workers the number of workers; 0 means one per core on a CPU, four on a GPU
   */
  public static WorkerSettings on(Device device, int workers) {
    if (device.isGpu()) {
      return new WorkerSettings(device, workers > 0 ? workers : GPU_WORKERS, GPU_ROWS_PER_WORKER);
    }
    int count = workers > 0 ? workers : Runtime.getRuntime().availableProcessors();
    return new WorkerSettings(device, count, CPU_ROWS_PER_WORKER);
  }
}
