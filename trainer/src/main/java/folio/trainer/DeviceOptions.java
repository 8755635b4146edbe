package folio.trainer;

import ai.djl.Device;
import ai.djl.engine.Engine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where to compute, and with how many threads. */
final class DeviceOptions {
  /** What a user may ask for. */
  enum Choice {
    CPU,
    CUDA,
    AUTO
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--device",
      defaultValue = "auto",
      description = "cpu, cuda, or auto: cuda where there is one.")
  private Choice device;

  @Option(
      names = "--threads",
      defaultValue = "0",
      description = "Of the engine on a CPU; 0: one a core.")
  private int threads;

  /**
   * Starts the engine and finds the device.
   *
   * @throws ParameterException if it is not there
   */
  Device start() {
    if (threads < 0 || threads > 4096) {
      throw new ParameterException(
          command.commandLine(), "--threads is " + threads + "; legal are 0 (one a core) to 4096");
    }
    System.setProperty("ai.djl.pytorch.num_threads", String.valueOf(threadCount()));
    int gpus = Engine.getInstance().getGpuCount();
    if (device == Choice.CUDA && gpus == 0) {
      throw new ParameterException(
          command.commandLine(),
          "--device cuda: the engine sees no GPU; use --device cpu, or a build with -Dcuda on a"
              + " machine with a GPU");
    }
    return device == Choice.CPU || gpus == 0 ? Device.cpu() : Device.gpu();
  }

  /** How many threads the engine has on a CPU. */
  int threadCount() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }
}
