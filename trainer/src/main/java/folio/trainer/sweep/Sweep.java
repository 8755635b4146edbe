package folio.trainer.sweep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/**
 * Starts the runs of a sweep, each in a process of its own, so that a run that fails or is killed
 * does not affect the others. Every run has a folder with its state, metrics, log and checkpoints.
 * A run that has ended is not started again; a run that stopped is resumed. No run moves {@code
 * CURRENT}.
 */
public final class Sweep {
  /** The exit code of a run that {@link #stop} ended early. */
  public static final int STOPPED = 143;

  private final Path folder;
  private final Trainer trainer;
  private final int gpus;
  private final Set<Process> running = ConcurrentHashMap.newKeySet();
  private volatile boolean stopped;

  /**
   * The command that starts a run's process.
   *
   * @param command the command line up to {@code train}
   * @param options options of {@code train} for every run, which override the run's own
   */
  public record Trainer(List<String> command, List<String> options) {}

  /**
   * Creates a sweep; {@link #run} starts it.
   *
   * @param folder the folder of the sweep, which has one folder a run
   * @param gpus the number of GPUs that simultaneous runs are distributed over
   */
  public Sweep(Path folder, Trainer trainer, int gpus) {
    this.folder = folder;
    this.trainer = trainer;
    this.gpus = gpus;
  }

  /** Returns the folder of the sweep. */
  public Path folder() {
    return folder;
  }

  /**
   * The outcome of a run.
   *
   * @param exit the exit code of its process; 0 also for a run that had ended before
   */
  public record Outcome(SweepFile.Run run, int exit) {}

  /** Returns the path of a run's record. */
  public Path metrics(SweepFile.Run run) {
    return folder.resolve(run.name()).resolve("metrics.jsonl");
  }

  /** Returns the path of a run's log. */
  public Path log(SweepFile.Run run) {
    return folder.resolve(run.name()).resolve("log.txt");
  }

  /**
   * Starts the runs that have not ended, and waits for all of them.
   *
   * @param parallel the largest number of simultaneous runs
   * @param listener receives each outcome when its run ends; called by one thread at a time
   * @return the outcomes in the order of the runs
   * @throws SweepException if a process cannot be started or this thread is interrupted
   */
  public List<Outcome> run(List<SweepFile.Run> runs, int parallel, Consumer<Outcome> listener) {
    LinkedBlockingQueue<Integer> slots = new LinkedBlockingQueue<>();
    for (int slot = 0; slot < parallel; slot++) {
      slots.add(slot);
    }
    ExecutorService executor = Executors.newFixedThreadPool(parallel);
    try {
      List<Future<Outcome>> outcomes = new ArrayList<>();
      for (SweepFile.Run run : runs) {
        outcomes.add(executor.submit(() -> run(run, slots, listener)));
      }
      List<Outcome> all = new ArrayList<>();
      for (Future<Outcome> outcome : outcomes) {
        all.add(outcome.get());
      }
      return all;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SweepException("interrupted; run the same command again to continue", e);
    } catch (ExecutionException e) {
      throw new SweepException("a run could not be started: " + e.getCause(), e.getCause());
    } finally {
      executor.shutdownNow();
    }
  }

  private Outcome run(
      SweepFile.Run run, LinkedBlockingQueue<Integer> slots, Consumer<Outcome> listener)
      throws IOException, InterruptedException {
    Outcome outcome = new Outcome(run, 0);
    if (!RunRecord.read(metrics(run)).ended()) {
      int slot = slots.take();
      try {
        outcome = new Outcome(run, train(run, slot));
      } finally {
        slots.add(slot);
      }
    }
    synchronized (slots) {
      listener.accept(outcome);
    }
    return outcome;
  }

  /** Runs a process to its end and returns its exit code. */
  private int train(SweepFile.Run run, int slot) throws IOException, InterruptedException {
    Process process;
    synchronized (running) {
      if (stopped) {
        return STOPPED;
      }
      process = start(run, slot);
      running.add(process);
    }
    try {
      int exit = process.waitFor();
      return stopped ? STOPPED : exit;
    } finally {
      running.remove(process);
    }
  }

  /** Makes the runs save their state and end, and waits for them; meant for a signal handler. */
  public void stop() throws InterruptedException {
    synchronized (running) {
      stopped = true;
      running.forEach(process -> process.toHandle().destroy());
    }
    for (Process process : running) {
      process.waitFor();
    }
  }

  private Process start(SweepFile.Run run, int slot) throws IOException {
    Path runFolder = folder.resolve(run.name());
    Files.createDirectories(runFolder);
    List<String> command = new ArrayList<>(trainer.command());
    command.add("train");
    command.addAll(SweepFile.override(run.options(), trainer.options()));
    command.addAll(
        List.of(
            "--run=" + runFolder,
            "--checkpoints=" + runFolder.resolve("checkpoints"),
            "--promote=never",
            "--resume-if-saved"));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log(run).toFile()));
    if (gpus > 1) {
      builder.environment().put("CUDA_VISIBLE_DEVICES", String.valueOf(slot % gpus));
    }
    return builder.start();
  }
}
