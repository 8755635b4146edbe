package folio.trainer.run;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import folio.model.network.CharGru;
import folio.model.network.Parameter;
import folio.trainer.publication.ResumeException;
import folio.trainer.publication.ResumeState;
import folio.trainer.training.AdamW;
import folio.trainer.training.TrainStep;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Saves and restores a run: every array that the next step reads, the progress, and the options
 * that must not change. Owned by the training thread.
 */
final class RunState {
  /** The array that holds the hidden state that rows carry from step to step. */
  private static final String CARRIED = "carried";

  private final RunContext context;
  private final TrainingConfig config;
  private final Map<String, CharGru> networks;
  private String runId = UUID.randomUUID().toString();

  /**
   * Creates the state of a new run; {@link #restore} may turn it into that of a saved run.
   *
   * @param networks the networks to save, by the prefix of their arrays' names; the caller closes
   *     them
   */
  RunState(RunContext context, TrainingConfig config, Map<String, CharGru> networks) {
    this.context = context;
    this.config = config;
    this.networks = networks;
  }

  /**
   * The progress of a run.
   *
   * @param step the number of steps taken
   * @param bestLoss the lowest selection loss so far, in nats; infinite before the first evaluation
   */
  record Progress(long step, double bestLoss) {}

  /** Returns the run's identifier, which stays the same when the run is resumed. */
  String runId() {
    return runId;
  }

  /** Writes the state to the run's folder; a reader sees the old state or the new one. */
  void save(Progress progress, AdamW optimizer, TrainStep trainStep) {
    NDList arrays = new NDList();
    networks.forEach(
        (prefix, network) -> {
          for (Parameter parameter : network.parameters()) {
            parameter.values().setName(prefix + "." + parameter.name());
            arrays.add(parameter.values());
          }
        });
    arrays.addAll(optimizer.state());
    if (trainStep.carriedState() != null) {
      trainStep.carriedState().setName(CARRIED);
      arrays.add(trainStep.carriedState());
    }
    Map<String, String> facts = new TreeMap<>(fixedOptions());
    facts.put("step", String.valueOf(progress.step()));
    facts.put("best-loss", String.valueOf(progress.bestLoss()));
    facts.put("run", runId);
    new ResumeState(arrays, facts).save(context.folder().state());
  }

  /** Returns the options, by name, that must be the same when the run is resumed. */
  private Map<String, String> fixedOptions() {
    Map<String, String> options = new TreeMap<>();
    config.settings().forEach((option, value) -> options.put("--" + option, value));
    options.put("--corpus", context.corpus().description().sha256());
    options.put("--device", context.device().getDeviceType());
    options.put("--threads", String.valueOf(context.threads()));
    return options;
  }

  /**
   * Restores the saved state if there is one and {@code --resume} was given; otherwise returns the
   * progress of a new run.
   *
   * @throws ResumeException if the folder holds an unfinished run and {@code --resume} was not
   *     given, or if the saved run had other options
   */
  Progress restore(AdamW optimizer, TrainStep trainStep) {
    try (NDManager scratch = NDManager.newBaseManager(context.device())) {
      Optional<ResumeState> found = ResumeState.load(scratch, context.folder().state());
      if (found.isEmpty()) {
        return new Progress(0, Double.POSITIVE_INFINITY);
      }
      ResumeState saved = found.get();
      long step = Long.parseLong(saved.facts().get("step"));
      if (!context.resume()) {
        checkNothingIsLost(step);
        return new Progress(0, Double.POSITIVE_INFINITY);
      }
      checkSameOptions(saved);
      restoreArrays(saved, optimizer, trainStep);
      runId = saved.facts().get("run");
      return new Progress(step, Double.parseDouble(saved.facts().get("best-loss")));
    }
  }

  private void checkNothingIsLost(long step) {
    if (step > 0 && step < config.schedule().totalSteps()) {
      throw new ResumeException(
          context.folder().path()
              + " holds a run that stopped at step "
              + step
              + "; add --resume to continue it, or name another folder with --run",
          null);
    }
  }

  private void checkSameOptions(ResumeState saved) {
    fixedOptions()
        .forEach(
            (option, now) -> {
              String then = saved.facts().get(option);
              if (!now.equals(then)) {
                throw new ResumeException(
                    option
                        + " is "
                        + now
                        + ", but was "
                        + then
                        + " when the run in "
                        + context.folder().path()
                        + " began; resume with the same options, or name another folder with"
                        + " --run",
                    null);
              }
            });
  }

  private void restoreArrays(ResumeState saved, AdamW optimizer, TrainStep trainStep) {
    networks.forEach(
        (prefix, network) -> {
          for (Parameter parameter : network.parameters()) {
            saved.restore(prefix + "." + parameter.name(), parameter.values());
          }
        });
    for (NDArray moment : optimizer.state()) {
      saved.restore(moment.getName(), moment);
    }
    NDArray carried = saved.arrays().get(CARRIED);
    if (carried != null) {
      trainStep.restore(carried);
    }
  }
}
