package folio.trainer.cli;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
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
      description =
          "Of the engine on the host; 0: one a core, with a GPU a single one, which has too little to"
              + " do for more.")
  private int threads;

  private boolean onGpu;

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
    int gpus = Engine.getInstance().getGpuCount();
    if (device == Choice.CUDA && gpus == 0) {
      throw new ParameterException(
          command.commandLine(),
          "--device cuda: the engine sees no GPU; use --device cpu, or a build with -Dcuda on a"
              + " machine with a GPU");
    }
    onGpu = device != Choice.CPU && gpus > 0;
    JniUtils.setNumThreads(threadCount());
    return onGpu ? Device.gpu() : Device.cpu();
  }

  /**
   * How many threads the engine has on the host, once it is started. With a GPU, more than one
   * would spin, waiting for work, and starve other runs beside this one.
   */
  int threadCount() {
    if (threads > 0) {
      return threads;
    }
    return onGpu ? 1 : Runtime.getRuntime().availableProcessors();
  }
}
