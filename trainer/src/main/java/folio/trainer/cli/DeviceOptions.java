package folio.trainer.cli;

import ai.djl.Device;
import ai.djl.pytorch.jni.JniUtils;
import folio.runtime.engine.EngineLoader;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that choose the device and the number of threads. */
final class DeviceOptions {
  /** The legal values of {@code --device}. */
  enum Choice {
    CPU,
    CUDA,
    AUTO
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "auto",
      description = "The device that computes: cpu, cuda or auto (cuda on a machine with a GPU).")
  private Choice device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "The number of the engine's threads on the host, 1 to 4096; 0 means one per core, or a"
              + " single one on a GPU.")
  private int threads;

  private boolean onGpu;

  /**
   * Starts the engine and returns the chosen device.
   *
   * @throws ParameterException if there is no such device or the number of threads is not legal
   * @throws folio.runtime.engine.EngineLoadException if the engine cannot be loaded
   */
  Device start() {
    return start(0);
  }

  /**
   * Starts the engine and returns the chosen device of a process of a group.
   *
   * @param localRank the number of the process on its machine
   * @throws ParameterException if there is no such device or the number of threads is not legal
   * @throws folio.runtime.engine.EngineLoadException if the engine cannot be loaded
   */
  Device start(int localRank) {
    if (threads < 0 || threads > 4096) {
      throw new ParameterException(
          command.commandLine(),
          "--threads is " + threads + "; it must be 0 (one per core) to 4096");
    }
    int gpus = EngineLoader.load().getGpuCount();
    if (device == Choice.CUDA && gpus == 0) {
      throw new ParameterException(
          command.commandLine(),
          "--device is cuda, but the engine sees no GPU; use --device cpu, or a build with -Dcuda on a"
              + " machine with a GPU");
    }
    onGpu = device != Choice.CPU && gpus > 0;
    if (onGpu && localRank >= gpus) {
      throw new ParameterException(
          command.commandLine(),
          "LOCAL_RANK is "
              + localRank
              + "; this machine has "
              + gpus
              + " GPUs, numbered from 0; lower --gpus, or change LOCAL_RANK");
    }
    JniUtils.setNumThreads(threadCount());
    return onGpu ? Device.gpu(localRank) : Device.cpu();
  }

  /**
   * Returns the number of the engine's threads on the host; valid after {@link #start}. With a GPU,
   * further threads would spin while they wait for work, and starve other runs on the machine.
   */
  int threadCount() {
    if (threads > 0) {
      return threads;
    }
    return onGpu ? 1 : Runtime.getRuntime().availableProcessors();
  }
}
