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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The processes of {@code --gpus N}: one for each GPU, with the arguments of this process. A signal
 * to this process is passed on to them.
 */
final class GpuProcesses {
  /** The largest number of processes of a machine. */
  static final int MAX = 64;

  /** The time in which the processes may end by themselves after one has failed. */
  private static final int GRACE_SECONDS = 10;

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
        ProcessGroup.Timeouts.DEFAULT,
        lost -> {
          // The training thread may wait for the lost process on the device, for ever.
          System.err.println("folio: " + lost + "; its own output may say why");
          Runtime.getRuntime().halt(CommandLine.ExitCode.SOFTWARE);
        });
  }

  /**
   * Runs the command of this process in several processes and waits for all.
   *
   * @return the exit code of the first process that fails, or 0
   */
  static int run(CommandSpec command, int number) {
    try {
      List<Process> processes = start(command.root(), number, freePort());
      AtomicInteger failure = new AtomicInteger(CommandLine.ExitCode.OK);
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> stop(processes, failure), "stop-group-on-signal"));
      CompletableFuture<?>[] ends =
          processes.stream()
              .map(process -> process.onExit().thenAccept(it -> ended(it, processes, failure)))
              .toArray(CompletableFuture<?>[]::new);
      CompletableFuture.allOf(ends).join();
      return failure.get();
    } catch (IOException e) {
      throw new UncheckedIOException("the processes of --gpus cannot be started", e);
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
      try {
        processes.add(builder.start());
      } catch (IOException e) {
        processes.forEach(Process::destroy);
        throw e;
      }
    }
    return processes;
  }

  /** Keeps the code of the first process that fails, and soon stops those that may wait for it. */
  private static void ended(Process process, List<Process> processes, AtomicInteger failure) {
    if (process.exitValue() != CommandLine.ExitCode.OK
        && failure.compareAndSet(CommandLine.ExitCode.OK, process.exitValue())) {
      // Not at once: the others notice the loss themselves, and print their own errors.
      CompletableFuture.delayedExecutor(GRACE_SECONDS, TimeUnit.SECONDS)
          .execute(() -> processes.forEach(Process::destroy));
    }
  }

  /** Passes a signal on, and waits until the processes have published and saved. */
  private static void stop(List<Process> processes, AtomicInteger failure) {
    if (processes.stream().noneMatch(Process::isAlive)) {
      return; // there was no signal
    }
    processes.forEach(Process::destroy);
    processes.forEach(process -> process.onExit().join());
    int code = processes.stream().mapToInt(Process::exitValue).max().orElse(0);
    Runtime.getRuntime().halt(failure.get() == 0 ? code : failure.get());
  }
}
