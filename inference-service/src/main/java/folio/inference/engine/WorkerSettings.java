package folio.inference.engine;

import ai.djl.Device;

/**
 * How many lanes an engine has. A lane is a thread that steps slots of its own at its own pace: no
 * lane waits for another, so that a core which is held up by something else costs only itself.
 *
 * @param device where they compute
 * @param count lanes
 * @param minRowsPerWorker fewer running requests than this are not worth a second lane
 */
public record WorkerSettings(Device device, int count, int minRowsPerWorker) {
  /** A pass of a few rows takes no longer than one of a single row. */
  private static final int ROWS_WORTH_A_CORE = 4;

  /** From as many rows on, choosing their characters takes longer than a step of a GPU's. */
  private static final int ROWS_WORTH_A_LANE = 64;

  /** Some choose characters while others compute: measured, see README.md. */
  private static final int ON_A_GPU = 4;

  /**
   * What suits a device.
   *
   * @param threads that may be busy; 0: one a core, on a GPU four
   */
  public static WorkerSettings on(Device device, int threads) {
    if (device.isGpu()) {
      return new WorkerSettings(device, threads > 0 ? threads : ON_A_GPU, ROWS_WORTH_A_LANE);
    }
    int count = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    return new WorkerSettings(device, count, ROWS_WORTH_A_CORE);
  }
}
