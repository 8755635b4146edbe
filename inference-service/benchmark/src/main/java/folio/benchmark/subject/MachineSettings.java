package folio.benchmark.subject;

import ai.djl.Device;
import folio.inference.engine.WorkerSettings;
import folio.inference.fused.FusedDecoderFactory;
import folio.inference.fused.FusedDecoders;
import folio.inference.models.ModelLoader;

/**
 * The device and the number of threads that all compared systems use.
 *
 * @param threads the requested number of threads; 0 for the default of each system
 * @param libtorch whether Folio decodes with libtorch on a GPU too, without its fused decoder
 */
public record MachineSettings(DeviceKind device, int threads, boolean libtorch) {
  /** Returns the number of threads on a CPU: the requested number, or one for each core. */
  public int cpuThreads() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /** Returns the number of the engine's workers on a device. */
  public WorkerSettings workers(Device where) {
    return WorkerSettings.on(where, threads);
  }

  /**
   * Returns a loader of models.
   *
   * @param slots the number of slots of the engine that uses the models
   */
  public ModelLoader loader(Device where, int slots) {
    return new ModelLoader(
        where, libtorch ? FusedDecoderFactory.Loader.NONE : FusedDecoders::load, slots);
  }
}
