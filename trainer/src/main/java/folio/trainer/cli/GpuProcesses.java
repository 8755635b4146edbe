package folio.trainer.cli;

import folio.trainer.group.Membership;
import folio.trainer.group.ProcessGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The processes of {@code --gpus N}: one for each GPU, with the arguments of this process. A signal
 * to this process is passed on to them.
 */
final class GpuProcesses {
  /** The largest number of processes of a machine. */
  static final int MAX = 64;

  private GpuProcesses() {}

  /**
   * Forms the group of this process. If another process is lost later, this one prints a line and
   * ends at once.
   *
   * @param command the command, whose version all processes must have
   * @throws folio.trainer.group.GroupException if the group does not come together
   */
  static ProcessGroup form(Membership membership, CommandSpec command) {
    return ProcessGroup.form(
        membership,
        command.root().version()[0],
        ProcessGroup.Patience.DEFAULT,
        lost -> {
          // The training thread may wait for the lost process on the device, for ever.
          System.err.println("folio: " + lost + "; the run ends here, and --resume continues it");
          Runtime.getRuntime().halt(CommandLine.ExitCode.SOFTWARE);
        });
  }

  /**
   * Runs the command of this process in several processes and waits for all.
   *
   * @return the exit code of rank 0 if the others succeed, else that of the first one that fails
   */
  static int run(CommandSpec command, int number) {
    try {
      List<Process> processes = start(command.root(), number, freePort());
      Thread onSignal = new Thread(() -> stop(processes), "stop-group-on-signal");
      Runtime.getRuntime().addShutdownHook(onSignal);
      List<CompletableFuture<Void>> ends =
          processes.stream()
              .map(process -> process.onExit().thenAccept(ended -> stopOthers(ended, processes)))
              .toList();
      int code = 0;
      for (Process process : processes) {
        int ended = process.waitFor();
        code = code == 0 ? ended : code;
      }
      ends.forEach(CompletableFuture::join);
      return code;
    } catch (IOException e) {
      throw new UncheckedIOException("the processes of --gpus cannot be started", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static List<Process> start(CommandSpec root, int number, int port) throws IOException {
    List<Process> processes = new ArrayList<>();
    for (int rank = 0; rank < number; rank++) {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
      command.addAll(
          List.of(
              "-cp",
              System.getProperty("java.class.path"),
              root.userObject().getClass().getName()));
      command.addAll(root.commandLine().getParseResult().originalArgs());
      ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
      builder
          .environment()
          .putAll(new Membership(rank, number, rank, "127.0.0.1", port).environment());
      processes.add(builder.start());
    }
    return processes;
  }

  /** Stops the others if a process has failed; they may wait for it. */
  private static void stopOthers(Process ended, List<Process> processes) {
    if (ended.exitValue() != 0) {
      processes.forEach(Process::destroy);
    }
  }

  /** Passes a signal on, and waits until the processes have published and saved. */
  private static void stop(List<Process> processes) {
    processes.forEach(Process::destroy);
    processes.forEach(process -> process.onExit().join());
  }
}
