package folio.benchmark;

import ai.djl.Device;
import ai.djl.engine.Engine;
import folio.inference.engine.WorkerSettings;
import folio.inference.fused.FusedDecoderFactory;
import folio.inference.fused.FusedDecoders;
import folio.inference.models.ModelLoader;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where to compute, and with how many threads: the same for every side. */
final class MachineOptions {
  private static final int MAX_THREADS = 4096;

  /** Where networks live. */
  enum DeviceChoice {
    CPU,
    CUDA;

    /** As the service's settings and PyTorch spell it. */
    String spelling() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(names = "--device", defaultValue = "cpu", description = "cpu or cuda.")
  private DeviceChoice device;

  @Option(
      names = "--threads",
      defaultValue = "0",
      description =
          "Of every engine on a CPU, and lanes of ours; 0: one a core, four lanes on a GPU.")
  private int threads;

  @Option(
      names = "--libtorch",
      description = "Decode with libtorch on a GPU, too, not on its chip: for a comparison.")
  private boolean libtorch;

  /**
   * Starts the engine of this process and finds the device.
   *
   * @throws ParameterException if an option is out of its range or the device is not there
   */
  Device start() {
    check("--threads", threads, 0, MAX_THREADS);
    System.setProperty("ai.djl.pytorch.num_threads", "1"); // the engine brings its own
    int gpus =
        Engine.getInstance().getGpuCount(); // loads the natives, before any thread needs them
    if (device == DeviceChoice.CUDA && gpus == 0) {
      throw new ParameterException(
          command.commandLine(),
          "--device is cuda, but the engine sees no GPU; legal here: cpu (a GPU needs a build with"
              + " -Dcuda)");
    }
    return device == DeviceChoice.CPU ? Device.cpu() : Device.gpu();
  }

  DeviceChoice device() {
    return device;
  }

  /** How an engine of ours is spread over threads. */
  WorkerSettings workers(Device where) {
    return WorkerSettings.on(where, threads);
  }

  /** Makes models for an engine with so many slots. */
  ModelLoader loader(Device where, int slots) {
    return new ModelLoader(
        where, libtorch ? FusedDecoderFactory.Loader.NONE : FusedDecoders::load, slots);
  }

  /** Whether nothing is decoded on a chip. */
  boolean libtorch() {
    return libtorch;
  }

  /** As it is to be given to an engine of ours. */
  int givenThreads() {
    return threads;
  }

  /** Threads of an engine on a CPU. */
  int threads() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /**
   * Checks an option of the command that these belong to.
   *
   * @throws ParameterException naming the option, its value and the legal range
   */
  <T extends Number & Comparable<T>> void check(String option, T value, T lowest, T highest) {
    if (value.compareTo(lowest) < 0 || value.compareTo(highest) > 0) {
      throw new ParameterException(
          command.commandLine(),
          option + " is " + value + "; legal are " + lowest + " to " + highest);
    }
  }
}
