package folio.trainer.cli;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import folio.model.checkpoint.Checkpoint;
import folio.trainer.corpus.Corpus;
import folio.trainer.corpus.CorpusException;
import folio.trainer.group.Membership;
import folio.trainer.group.ProcessGroup;
import folio.trainer.publication.Promotion;
import folio.trainer.report.LiveMetrics;
import folio.trainer.run.Errors;
import folio.trainer.run.MemoryUse;
import folio.trainer.run.RunContext;
import folio.trainer.run.RunFolder;
import folio.trainer.run.RunGroup;
import folio.trainer.run.StoppableRun;
import folio.trainer.run.TrainingConfig;
import folio.trainer.run.TrainingRun;
import folio.trainer.run.WorkerRun;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code train}: trains a network and publishes its checkpoints. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    showDefaultValues = true,
    sortOptions = false,
    description = {
      "Trains a network on a text and publishes a checkpoint whenever its loss is the lowest so far.",
      "A preset sets all hyperparameters; the options below override it. Ctrl-C evaluates the"
          + " network, publishes it if it is the best so far, and stops. To continue later, run the"
          + " same command with --resume. A resumed run keeps its options unless the command line"
          + " names others. All may change but the corpus and how it is divided, the network,"
          + " --sampling and --seed.",
      ""
    },
    footer = {
      "",
      "Presets:",
      "  quick       about 60 s on two CPU cores",
      "  quality     the lowest validation loss; needs a GPU. Layers, dropout and the length of the",
      "              run follow the length of the text.",
      "  post-gru, karpathy, residual-8",
      "              the networks of the blog post \"RNN generations\", 100,000 steps",
      "Example: ./folio train --preset quick --corpus my.txt --promote always"
    })
final class TrainCommand implements Callable<Integer> {
  private static final int MAX_PORT = 65_535;

  /** The exit code of a run that a scheduler must continue: that of a process ended by SIGTERM. */
  private static final int STOPPED = 128 + 15;

  /** The name under which rank 0 tells the others the digest of its corpus. */
  private static final String CORPUS_DIGEST = "corpus-sha256";

  @Spec private CommandSpec spec;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      description = "The preset: quick, quality, post-gru, karpathy or residual-8.")
  private String preset;

  @Mixin private CorpusOptions corpus;
  @Mixin private LicenceOption licence;
  @Mixin private StoreOptions checkpoints;
  @Mixin private DeviceOptions device;

  @Option(
      names = "--promote",
      paramLabel = "POLICY",
      defaultValue = "better",
      description =
          "When CURRENT moves to a new checkpoint: better (if its loss is lower than that of the"
              + " checkpoint served now, on the same text), always or never.")
  private Promotion promote;

  @Option(
      names = "--keep",
      paramLabel = "N",
      defaultValue = "5",
      description =
          "The number of this run's checkpoints to keep, 1 or more; older ones are deleted.")
  private int keep;

  @Option(
      names = "--run",
      paramLabel = "DIR",
      description =
          "The folder for the run's state, metrics and report (default: runs/PRESET-CORPUS).")
  private Path run;

  @Option(
      names = "--resume",
      description = "Continue the run from its saved state; with other options, with these.")
  private boolean resume;

  @Option(
      names = "--resume-if-saved",
      description = "Continue the run if there is a saved state, else begin it; for jobs.")
  private boolean resumeIfSaved;

  @Option(
      names = "--from",
      paramLabel = "CHECKPOINT",
      description =
          "Begin with the weights of a checkpoint: a version, current, embedded, or a folder that"
              + " PyTorch wrote. The text may have new characters.")
  private String from;

  @Option(
      names = "--save-every",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "The number of steps between saved states, 1 to 1 billion; 0 means at every evaluation.")
  private long saveEvery;

  @Option(
      names = "--view-every",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "The number of steps between views of predictions and a sample, 1 to 1 billion; 0 means at"
              + " every evaluation.")
  private long viewEvery;

  @Option(
      names = "--live",
      paramLabel = "true|false",
      arity = "0..1",
      fallbackValue = "true",
      defaultValue = "false",
      description =
          "Whether the run's record is written into the store while it trains, so that the page of a"
              + " service shows it: losses, samples and the beginning of the validation text.")
  private boolean live;

  @Option(
      names = "--metrics-port",
      paramLabel = "PORT",
      defaultValue = "-1",
      description =
          "The port that serves the run's metrics to Prometheus, 1 to 65535; 0 means any unused port,"
              + " -1 none.")
  private int metricsPort;

  @Option(
      names = "--metrics-host",
      defaultValue = "127.0.0.1",
      description =
          "The address that serves the figures (default: ${DEFAULT-VALUE}, this machine only);"
              + " 0.0.0.0 means every address.")
  private String metricsHost;

  @Option(
      names = "--gpus",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "The number of this machine's GPUs to train on, 1 to 64, each with a process of its own."
              + " Every GPU takes an equal part of the rows of --batch. Launchers that set RANK,"
              + " WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT start the processes"
              + " themselves, also on several machines.")
  private int gpus;

  @Mixin private TrainingOptions hyperparameters;

  @Override
  public Integer call() {
    if (!Presets.NAMES.contains(preset)) {
      throw usageError(
          "--preset is " + preset + "; it must be one of " + String.join(", ", Presets.NAMES));
    }
    if (keep < 1) {
      throw usageError("--keep is " + keep + "; it must be 1 or more");
    }
    if (metricsPort < -1 || metricsPort > MAX_PORT) {
      throw usageError(
          "--metrics-port is " + metricsPort + "; it must be -1 (none) to " + MAX_PORT);
    }
    hyperparameters.check(saveEvery, viewEvery, null);
    Membership membership = Membership.of(System.getenv());
    new Range("--gpus", 1, GpuProcesses.MAX).check(gpus, spec);
    if (gpus > 1 && !membership.isGroup()) {
      return GpuProcesses.run(spec, gpus);
    }
    if (!membership.leads()) {
      return work(membership);
    }
    String corpusLicence = licence.value();
    CountDownLatch finished = new CountDownLatch(1);
    Path path = run == null ? Presets.runFolder(preset, corpus.names()) : run;
    try (RunFolder folder = new RunFolder(path, use());
        LiveMetrics figures =
            metricsPort < 0 ? LiveMetrics.NONE : LiveMetrics.serve(metricsHost, metricsPort)) {
      Checkpoint parent = from == null || folder.resumes() ? null : checkpoints.openAny(from);
      hyperparameters.check(saveEvery, viewEvery, parent == null ? null : parent.config());
      Corpus text = corpus.open(hyperparameters.structure()).withLicence(corpusLicence);
      long textLength = hyperparameters.trainingLength(text);
      PresetChoices.apply(spec, textLength).ifPresent(this::print);
      Device where = device.start(membership.localRank());
      hyperparameters.checkPrecision(where);
      TrainingConfig first = hyperparameters.oneStep(textLength);
      try {
        double seconds = TrainingRun.secondsPerStep(first, text, where, membership.size());
        TrainingConfig config = hyperparameters.config(textLength, seconds, this::print);
        try (RunGroup group = lead(membership, config, text, where)) {
          RunContext context = context(text, parent, where, folder, seconds, figures, group);
          return run(config, context, finished);
        }
      } catch (EngineException | OutOfMemoryError e) {
        if (!Errors.isOutOfMemory(e)) {
          throw e;
        }
        throw MemoryUse.of(first, text).explain(e);
      }
    } finally {
      finished.countDown();
    }
  }

  private RunContext context(
      Corpus text,
      Checkpoint parent,
      Device where,
      RunFolder folder,
      double secondsPerStep,
      LiveMetrics figures,
      RunGroup group) {
    return new RunContext(
        text,
        optionsToSave(),
        parent,
        where,
        device.threadCount(),
        checkpoints.store(),
        promote,
        keep,
        folder,
        secondsPerStep,
        command(),
        System.out,
        CommandLine.Help.Ansi.AUTO.enabled(),
        figures,
        group,
        live ? checkpoints.runs() : null);
  }

  /** Forms the group that this process leads; returns null if it is alone. */
  private RunGroup lead(Membership membership, TrainingConfig config, Corpus text, Device where) {
    if (!membership.isGroup()) {
      return null;
    }
    int rows = config.batches().batchSize();
    if (rows % membership.size() != 0) {
      throw usageError(
          "--batch is "
              + rows
              + "; with "
              + membership.size()
              + " processes it must be a multiple of "
              + membership.size());
    }
    if (!where.isGpu()) {
      print("gradients pass through sockets, which is for tests: on GPUs, NCCL exchanges them");
    }
    ProcessGroup processes = GpuProcesses.form(membership, spec);
    Map<String, String> options = new TreeMap<>(config.settings());
    options.putAll(optionsToSave());
    options.put("save-every", String.valueOf(saveEvery));
    options.put(CORPUS_DIGEST, text.description().sha256());
    GroupOptions.send(processes, options);
    return new RunGroup(processes, where);
  }

  /** Trains as a process that is not rank 0, with the options of rank 0. */
  private int work(Membership membership) {
    CountDownLatch finished = new CountDownLatch(1);
    try (ProcessGroup processes = GpuProcesses.form(membership, spec)) {
      Map<String, String> options = GroupOptions.receive(processes);
      GroupOptions.parse(spec, options, resumeIfSaved ? List.of("--resume-if-saved") : List.of());
      hyperparameters.check(saveEvery, viewEvery, null);
      Corpus text = corpus.open(hyperparameters.structure());
      if (!text.description().sha256().equals(options.get(CORPUS_DIGEST))) {
        throw new CorpusException(
            "the corpus of rank "
                + membership.rank()
                + " is not that of rank 0; give every process the same text");
      }
      Device where = device.start(membership.localRank());
      TrainingConfig config =
          hyperparameters.config(hyperparameters.trainingLength(text), 1, note -> {});
      try (RunGroup group = new RunGroup(processes, where);
          WorkerRun training = new WorkerRun(config, text, where, group)) {
        return runUntilStopped(training, finished);
      }
    } finally {
      finished.countDown();
    }
  }

  /** Returns the options that a resumed run takes over in addition to the hyperparameters. */
  private Map<String, String> optionsToSave() {
    Map<String, String> options = new TreeMap<>(corpus.again());
    options.putAll(licence.again());
    options.putAll(checkpoints.again());
    options.put("promote", promote.name().toLowerCase(Locale.ROOT));
    options.put("keep", String.valueOf(keep));
    options.put("live", String.valueOf(live));
    return options;
  }

  /** Returns the command line of this process. */
  private String command() {
    List<String> words = spec.root().commandLine().getParseResult().originalArgs();
    return "./folio " + words.stream().map(TrainCommand::quoted).collect(Collectors.joining(" "));
  }

  /** Returns a word as a shell reads it. */
  private static String quoted(String word) {
    return word.matches("[\\w@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  private int run(TrainingConfig config, RunContext context, CountDownLatch finished) {
    try (TrainingRun training = new TrainingRun(config, context)) {
      if (context.live().port() >= 0) {
        print("metrics    http://" + metricsHost + ":" + context.live().port() + "/metrics");
      }
      return runUntilStopped(training, finished);
    }
  }

  private int runUntilStopped(StoppableRun training, CountDownLatch finished) {
    Thread onSignal = new Thread(() -> stopCleanly(training, finished), "stop-on-signal");
    Runtime.getRuntime().addShutdownHook(onSignal);
    training.run();
    return exitCode(training);
  }

  /**
   * Returns the exit code of a run that has ended. A scheduler, which uses {@code
   * --resume-if-saved}, must see that a stopped run is not complete.
   */
  private int exitCode(StoppableRun training) {
    if (!training.succeeded()) {
      return CommandLine.ExitCode.SOFTWARE;
    }
    return training.isComplete() || !resumeIfSaved ? CommandLine.ExitCode.OK : STOPPED;
  }

  private void print(String line) {
    System.out.println(line);
  }

  private RunFolder.Use use() {
    if (resume) {
      return RunFolder.Use.RESUME;
    }
    return resumeIfSaved ? RunFolder.Use.RESUME_IF_SAVED : RunFolder.Use.NEW;
  }

  /** Stops a run after a signal; the process ends once the run has published and saved. */
  private void stopCleanly(StoppableRun training, CountDownLatch finished) {
    if (finished.getCount() == 0) {
      return; // there was no signal: the command has ended, and its own exit code counts
    }
    training.requestStop();
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.out.flush();
    Runtime.getRuntime().halt(exitCode(training));
  }

  private ParameterException usageError(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
