package folio.trainer.cli;

import folio.trainer.publication.Promotion;
import folio.trainer.report.LiveMetrics;
import folio.trainer.run.RunFolder;
import folio.trainer.run.TrainingConfig;
import folio.trainer.run.TrainingRun;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code train}. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    showDefaultValues = true,
    sortOptions = false,
    description = {
      "Trains a network on a text and publishes every checkpoint that is better than the last.",
      "A preset is a set of hyperparameters; any option below overrides it. Ctrl-C publishes what"
          + " is best and stops; the same command with --resume goes on.",
      ""
    },
    footer = {
      "",
      "Presets: quick (two minutes on two CPU cores), quality (lowest validation loss; wants a GPU),"
          + " post-gru, karpathy, residual-8 (the networks of the post, 100,000 steps).",
      "Example: folio-trainer train --preset quick --corpus my.txt --promote always"
    })
final class TrainCommand implements Callable<Integer> {
  private static final int MAX_PORTS = 65_535;

  @Spec private CommandSpec spec;

  @Option(names = "--preset", description = "quick, quality, post-gru, karpathy, residual-8.")
  private String preset;

  @Mixin private CorpusOptions corpus;
  @Mixin private StoreOptions checkpoints;
  @Mixin private DeviceOptions device;

  @Option(
      names = "--promote",
      defaultValue = "better",
      description =
          "When CURRENT moves: better (than what is served, on the same text), always," + " never.")
  private Promotion promote;

  @Option(
      names = "--keep",
      defaultValue = "5",
      description = "How many of this run's checkpoints stay.")
  private int keep;

  @Option(
      names = "--run",
      paramLabel = "DIR",
      description = "Folder of the run's state and metrics; runs/PRESET if it is not given.")
  private Path run;

  @Option(names = "--resume", description = "Go on where this run stopped, if it has begun.")
  private boolean resume;

  @Option(
      names = "--save-every",
      defaultValue = "0",
      description = "Steps between saved states; 0: at every evaluation.")
  private long saveEvery;

  @Option(
      names = "--view-every",
      defaultValue = "0",
      description = "Steps between looks at predictions and a sample; 0: at every evaluation.")
  private long viewEvery;

  @Option(
      names = "--metrics-port",
      defaultValue = "-1",
      description =
          "Serve the run's figures in Prometheus' format on this port while it goes on; 0: any free"
              + " one; -1: do not.")
  private int metricsPort;

  @Mixin private TrainingOptions hyperparameters;

  @Override
  public Integer call() {
    if (!Presets.NAMES.contains(preset)) {
      throw refuse("--preset is " + preset + "; legal are " + Presets.NAMES);
    }
    if (keep < 1) {
      throw refuse("--keep is " + keep + "; legal are 1 or more");
    }
    if (metricsPort < -1 || metricsPort > MAX_PORTS) {
      throw refuse("--metrics-port is " + metricsPort + "; legal are -1 (none) to " + MAX_PORTS);
    }
    TrainingConfig config = hyperparameters.config(saveEvery, viewEvery);
    CountDownLatch finished = new CountDownLatch(1);
    try (RunFolder folder = new RunFolder(run == null ? Path.of("runs", preset) : run);
        LiveMetrics live = metricsPort < 0 ? LiveMetrics.NONE : LiveMetrics.serve(metricsPort);
        TrainingRun training = new TrainingRun(config, surroundings(folder, live))) {
      if (live.port() >= 0) {
        System.out.println("metrics    http://127.0.0.1:" + live.port() + "/metrics");
      }
      Thread onSignal = new Thread(() -> stopCleanly(training, finished), "stop-on-signal");
      Runtime.getRuntime().addShutdownHook(onSignal);
      training.run();
      return CommandLine.ExitCode.OK;
    } finally {
      finished.countDown();
    }
  }

  private TrainingRun.RunContext surroundings(RunFolder folder, LiveMetrics live) {
    return new TrainingRun.RunContext(
        corpus.open(),
        device.start(),
        device.threadCount(),
        checkpoints.store(),
        promote,
        keep,
        folder,
        resume,
        System.out,
        CommandLine.Help.Ansi.AUTO.enabled(),
        live);
  }

  /** Ends the process with 0 after a signal, once the run has published and saved. */
  private static void stopCleanly(TrainingRun training, CountDownLatch finished) {
    if (finished.getCount() == 0) {
      return; // no signal: the command is done and exits with its own code
    }
    training.requestStop();
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.out.flush();
    Runtime.getRuntime()
        .halt(training.succeeded() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE);
  }

  private ParameterException refuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
