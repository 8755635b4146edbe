package folio.benchmark.cli;

import ai.djl.Device;
import ai.djl.engine.Engine;
import folio.benchmark.subject.DeviceKind;
import folio.benchmark.subject.MachineSettings;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options for the device and the number of threads, which hold for every compared system. */
final class MachineOptions {
  private static final int MAX_THREADS = 4096;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "cpu",
      description = "The device that computes: cpu or cuda.")
  private DeviceKind device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "The number of threads of every system on a CPU, and of workers of Folio's engine, 1 to"
              + " 4096; 0 means one per core, and four workers on a GPU.")
  private int threads;

  @Option(
      names = "--libtorch",
      description =
          "Decode with libtorch on a GPU instead of the persistent kernel, to compare them.")
  private boolean libtorch;

  /**
   * Loads libtorch in this process and returns the device.
   *
   * @throws ParameterException if an option is out of its range, or no GPU is present but requested
   */
  Device start() {
    check("--threads", threads, 0, MAX_THREADS);
    // The engine's workers provide the parallelism; libtorch's own threads would compete with them.
    System.setProperty("ai.djl.pytorch.num_threads", "1");
    int gpus = Engine.getInstance().getGpuCount(); // loads the natives before threads need them
    if (device == DeviceKind.CUDA && gpus == 0) {
      throw new ParameterException(
          command.commandLine(),
          "--device is cuda, but the engine sees no GPU; use --device cpu, or a build with -Dcuda"
              + " on a machine with a GPU");
    }
    return device == DeviceKind.CPU ? Device.cpu() : Device.gpu();
  }

  /** Returns the values of the options. */
  MachineSettings settings() {
    return new MachineSettings(device, threads, libtorch);
  }

  /**
   * Checks an option of the command that has these options.
   *
   * @throws ParameterException if the value is out of its range; the message names the option, the
   *     value and the range
   */
  <T extends Number & Comparable<T>> void check(String option, T value, T min, T max) {
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new ParameterException(
          command.commandLine(), option + " is " + value + "; it must be " + min + " to " + max);
    }
  }
}
