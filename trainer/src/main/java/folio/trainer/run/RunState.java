package folio.trainer.run;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import folio.model.checkpoint.Checkpoint;
import folio.model.checkpoint.CheckpointManifest;
import folio.model.network.CharGru;
import folio.model.vocabulary.Vocabulary;
import folio.trainer.publication.ResumeException;
import folio.trainer.publication.ResumeState;
import folio.trainer.training.AdamW;
import folio.trainer.training.TrainStep;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Saves and restores a run: every array that the next step reads, the progress, and the options.
 * Owned by the training thread.
 */
final class RunState {
  private static final String CORPUS = "--corpus";

  /** The options that must stay the same when a run is resumed, besides the corpus. */
  static final Set<String> FIXED =
      Set.of(
          "--network",
          "--layers",
          "--hidden-size",
          "--embedding-size",
          "--embedding-activation",
          "--head-activation",
          "--projection-size",
          "--tied",
          "--sampling",
          "--seed",
          "--split",
          "--split-by",
          "--document-separator",
          "--min-frequency",
          "--fraction",
          "--holdout");

  private final RunContext context;
  private final TrainingConfig config;
  private final Map<String, CharGru> networks;
  private final Vocabulary vocabulary;
  private final List<String> changes = new ArrayList<>();
  private String runId = UUID.randomUUID().toString();
  private String parent;
  private Path adopted;

  /**
   * Creates the state of a new run; {@link #restore} may turn it into that of a saved run.
   *
   * @param networks the networks to save, by the prefix of their arrays' names; the caller closes
   *     them
   * @param vocabulary the vocabulary of the networks
   */
  RunState(
      RunContext context,
      TrainingConfig config,
      Map<String, CharGru> networks,
      Vocabulary vocabulary) {
    this.context = context;
    this.config = config;
    this.networks = networks;
    this.vocabulary = vocabulary;
    this.parent = context.parent() == null ? null : name(context.parent());
  }

  /**
   * The progress of a run.
   *
   * @param step the number of steps taken
   * @param bestLoss the lowest selection loss so far, in nats; infinite before the first evaluation
   * @param bestStep the number of steps after which it was measured
   * @param evaluationsSince the number of evaluations since then
   */
  record Progress(long step, double bestLoss, long bestStep, int evaluationsSince) {
    static final Progress NONE = new Progress(0, Double.POSITIVE_INFINITY, 0, 0);

    /** Returns the progress after more steps. */
    Progress at(long newStep) {
      return new Progress(newStep, bestLoss, bestStep, evaluationsSince);
    }

    /** Returns the progress after an evaluation. */
    Progress evaluated(double loss) {
      return loss < bestLoss
          ? new Progress(step, loss, step, 0)
          : new Progress(step, bestLoss, bestStep, evaluationsSince + 1);
    }
  }

  /** Returns the name of a checkpoint for the manifest: a version, or a folder without its path. */
  private static String name(Checkpoint checkpoint) {
    return CheckpointManifest.Corpus.publicName(checkpoint.version());
  }

  /** Returns the run's identifier, which stays the same when the run is resumed. */
  String runId() {
    return runId;
  }

  /** Returns the version whose weights the run began with, or null. */
  String parent() {
    return parent;
  }

  /** Returns a line for every option that has changed since the run was saved. */
  List<String> changes() {
    return changes;
  }

  /**
   * Writes the state to the run's folder; a reader sees the old state or the new one.
   *
   * @param carried the states that all rows carry, or null before the first step
   */
  void save(Progress progress, AdamW optimizer, TrainStep trainStep, NDArray carried) {
    Map<String, String> facts = new TreeMap<>(options());
    facts.put(SavedRun.STEP, String.valueOf(progress.step()));
    facts.put("best-loss", String.valueOf(progress.bestLoss()));
    facts.put("best-step", String.valueOf(progress.bestStep()));
    facts.put("evaluations-since", String.valueOf(progress.evaluationsSince()));
    facts.put(SavedRun.RUN, runId);
    if (optimizer.earlierSteps() > 0) {
      facts.put(RunArrays.EARLIER_STEPS, String.valueOf(optimizer.earlierSteps()));
    }
    facts.put(SavedRun.CORPUS_NAME, context.corpus().description().name());
    facts.put(SavedRun.VOCABULARY, String.join("", vocabulary.characters()));
    if (vocabulary.hasUnknownEntry()) {
      facts.put(SavedRun.UNKNOWN_ENTRY, "true");
    }
    context
        .savedOptions()
        .forEach(
            (name, value) ->
                facts.put(name.equals("corpus") ? SavedRun.CORPUS_SOURCE : "--" + name, value));
    if (parent != null) {
      facts.put("parent", parent);
    }
    NDList arrays = new RunArrays(networks, optimizer, trainStep).all(carried);
    new ResumeState(arrays, facts).save(context.folder().state());
  }

  /**
   * Returns the file that {@link #save} wrote.
   *
   * @throws ResumeException if it cannot be read
   */
  byte[] bytes() {
    Path file = context.folder().state();
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new ResumeException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Returns the options by name. */
  private Map<String, String> options() {
    Map<String, String> options = new TreeMap<>();
    config.settings().forEach((option, value) -> options.put("--" + option, value));
    options.put(CORPUS, context.corpus().description().sha256());
    options.put("--device", context.device().getDeviceType());
    options.put("--threads", String.valueOf(context.threads()));
    return options;
  }

  /**
   * Restores the saved state if the folder's run continues; otherwise returns the progress of a new
   * run.
   *
   * @throws ResumeException if an option that must not change has changed
   */
  Progress restore(AdamW optimizer, TrainStep trainStep) {
    if (!context.folder().resumes()) {
      adopt(optimizer, trainStep);
      return Progress.NONE;
    }
    try (NDManager scratch = NDManager.newBaseManager(context.device())) {
      Optional<ResumeState> found = ResumeState.load(scratch, context.folder().state());
      if (found.isEmpty()) {
        return Progress.NONE; // it was deleted a moment ago
      }
      ResumeState saved = found.get();
      Map<String, String> facts = saved.facts();
      compareOptions(facts);
      new RunArrays(networks, optimizer, trainStep).restore(saved, config.batches().batchSize());
      runId = facts.get(SavedRun.RUN);
      parent = facts.get("parent");
      String step = facts.get(SavedRun.STEP);
      return new Progress(
          Long.parseLong(step),
          Double.parseDouble(facts.get("best-loss")),
          Long.parseLong(facts.getOrDefault("best-step", step)),
          Integer.parseInt(facts.getOrDefault("evaluations-since", "0")));
    }
  }

  private void compareOptions(Map<String, String> facts) {
    options()
        .forEach(
            (option, now) -> {
              String then = facts.get(option);
              if (then == null || now.equals(then) || option.equals(CORPUS)) {
                return; // an earlier release did not have the option
              }
              if (FIXED.contains(option)) {
                throw changed(option, now, then);
              }
              changes.add(option + " is " + now + " from now on; it was " + then);
            });
    // Another separator also changes the text, so the corpus comes last.
    String corpus = facts.get(CORPUS);
    if (!context.corpus().description().sha256().equals(corpus)) {
      throw changed(
          CORPUS,
          context.corpus().toString(),
          facts.getOrDefault(SavedRun.CORPUS_NAME, "a text with SHA-256 " + corpus));
    }
  }

  private ResumeException changed(String option, String now, String then) {
    return new ResumeException(
        option
            + " is "
            + now
            + ", but was "
            + then
            + " when the run in "
            + context.folder().path()
            + " began; resume with the same "
            + option
            + ", or name another folder with --run",
        null);
  }

  /**
   * Takes over the weights and the moments of the run that published the parent, if a folder beside
   * this run's holds its state of the same step.
   */
  private void adopt(AdamW optimizer, TrainStep trainStep) {
    if (context.parent() == null || context.parent().manifest() == null) {
      return;
    }
    Path folders = context.folder().path().toAbsolutePath().getParent();
    Optional<Path> found = SavedRun.thatPublished(context.parent().manifest(), folders);
    if (found.isEmpty() || !vocabulary.equals(context.parent().vocabulary())) {
      return;
    }
    try (NDManager scratch = NDManager.newBaseManager(context.device())) {
      ResumeState saved =
          ResumeState.load(scratch, found.get().resolve(RunFolder.STATE)).orElseThrow();
      new RunArrays(networks, optimizer, trainStep).restoreOptimized(saved);
      optimizer.setEarlierSteps(
          Long.parseLong(saved.facts().getOrDefault(RunArrays.EARLIER_STEPS, "0"))
              + context.parent().manifest().step());
      adopted = found.get();
    }
  }

  /** Returns the folder of the run whose optimizer continues, or null. */
  Path adopted() {
    return adopted;
  }
}
