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
 * Runs the runs of a sweep, each in a process of its own, so that one that fails or is killed takes
 * nothing with it. Every run has a folder with its state, metrics, log and checkpoints; one that
 * has ended is not run again, one that stopped goes on. {@code CURRENT} of no store is ever moved.
 */
public final class Sweep {
  /** What a run's code is if it was stopped on its way. */
  public static final int STOPPED = 143;

  private final Path folder;
  private final Trainer trainer;
  private final int gpus;
  private final Set<Process> running = ConcurrentHashMap.newKeySet();
  private volatile boolean stopped;

  /**
   * How a run's process is started.
   *
   * @param command that {@code train} and its options are added to
   * @param options of every run, behind its own
   */
  public record Trainer(List<String> command, List<String> options) {}

  /**
   * A sweep that does nothing yet.
   *
   * @param folder of the sweep
   * @param gpus among which runs that go on at the same time are dealt out
   */
  public Sweep(Path folder, Trainer trainer, int gpus) {
    this.folder = folder;
    this.trainer = trainer;
    this.gpus = gpus;
  }

  /** Where everything of the sweep is. */
  public Path folder() {
    return folder;
  }

  /**
   * How a run went.
   *
   * @param exit the code of its process; 0 also if it had ended before
   */
  public record Outcome(SweepFile.Run run, int exit) {}

  /** Where a run's metrics are. */
  public Path metrics(SweepFile.Run run) {
    return folder.resolve(run.name()).resolve("metrics.jsonl");
  }

  /** Where a run's log is. */
  public Path log(SweepFile.Run run) {
    return folder.resolve(run.name()).resolve("log.txt");
  }

  /**
   * Runs all that have not ended.
   *
   * @param parallel how many at a time
   * @param ended is told of each when it has ended; by one thread at a time
   * @return how they went, in order
   */
  public List<Outcome> run(List<SweepFile.Run> runs, int parallel, Consumer<Outcome> ended) {
    LinkedBlockingQueue<Integer> places = new LinkedBlockingQueue<>();
    for (int place = 0; place < parallel; place++) {
      places.add(place);
    }
    ExecutorService executor = Executors.newFixedThreadPool(parallel);
    try {
      List<Future<Outcome>> outcomes = new ArrayList<>();
      for (SweepFile.Run run : runs) {
        outcomes.add(executor.submit(() -> run(run, places, ended)));
      }
      List<Outcome> all = new ArrayList<>();
      for (Future<Outcome> outcome : outcomes) {
        all.add(outcome.get());
      }
      return all;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SweepException("interrupted; the same command goes on", e);
    } catch (ExecutionException e) {
      throw new SweepException("a run could not be started: " + e.getCause(), e.getCause());
    } finally {
      executor.shutdownNow();
    }
  }

  private Outcome run(
      SweepFile.Run run, LinkedBlockingQueue<Integer> places, Consumer<Outcome> ended)
      throws IOException, InterruptedException {
    Outcome outcome = new Outcome(run, 0);
    if (!RunRecord.read(metrics(run)).ended()) {
      int place = places.take();
      try {
        outcome = new Outcome(run, train(run, place));
      } finally {
        places.add(place);
      }
    }
    synchronized (places) {
      ended.accept(outcome);
    }
    return outcome;
  }

  /** The exit code of a run's process. */
  private int train(SweepFile.Run run, int place) throws IOException, InterruptedException {
    Process process;
    synchronized (running) {
      if (stopped) {
        return STOPPED;
      }
      process = start(run, place);
      running.add(process);
    }
    try {
      int exit = process.waitFor();
      return stopped ? STOPPED : exit;
    } finally {
      running.remove(process);
    }
  }

  /** Has the runs save their state and end, and waits for it: for a signal's handler. */
  public void stop() throws InterruptedException {
    synchronized (running) {
      stopped = true;
      running.forEach(process -> process.toHandle().destroy());
    }
    for (Process process : running) {
      process.waitFor();
    }
  }

  private Process start(SweepFile.Run run, int place) throws IOException {
    Path own = folder.resolve(run.name());
    Files.createDirectories(own);
    List<String> command = new ArrayList<>(trainer.command());
    command.add("train");
    command.addAll(run.options());
    command.addAll(trainer.options());
    command.addAll(
        List.of(
            "--run=" + own,
            "--checkpoints=" + own.resolve("checkpoints"),
            "--promote=never",
            "--resume"));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log(run).toFile()));
    if (gpus > 1) {
      builder.environment().put("CUDA_VISIBLE_DEVICES", String.valueOf(place % gpus));
    }
    return builder.start();
  }
}
