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

/** Saves and restores a run: every array that the next step reads, and the facts around them. */
final class RunState {
  private static final String CARRIED = "carried";

  private final TrainingRun.RunContext around;
  private final TrainingConfig config;
  private final Map<String, CharGru> networks;
  private String runId = UUID.randomUUID().toString();

  /**
   * The state of one run.
   *
   * @param networks by the prefix of their arrays' names
   */
  RunState(TrainingRun.RunContext around, TrainingConfig config, Map<String, CharGru> networks) {
    this.around = around;
    this.config = config;
    this.networks = networks;
  }

  /** How far a run is. */
  record Progress(long step, double bestLoss) {}

  /** Identifies the run, also after it was resumed. */
  String runId() {
    return runId;
  }

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
    Map<String, String> facts = new TreeMap<>(facts());
    facts.put("step", String.valueOf(progress.step()));
    facts.put("best-loss", String.valueOf(progress.bestLoss()));
    facts.put("run", runId);
    new ResumeState(arrays, facts).save(around.folder().state());
  }

  /** What must be the same when the run goes on. */
  private Map<String, String> facts() {
    Map<String, String> facts = new TreeMap<>();
    config.settings().forEach((option, value) -> facts.put("--" + option, value));
    facts.put("--corpus", around.corpus().description().sha256());
    facts.put("--device", around.device().getDeviceType());
    facts.put("--threads", String.valueOf(around.threads()));
    return facts;
  }

  /**
   * Goes on from the saved state, if there is one and the user asked for it.
   *
   * @throws ResumeException if there is an unfinished run that the user did not ask for, or it had
   *     other options
   */
  Progress restore(AdamW optimizer, TrainStep trainStep) {
    try (NDManager scratch = NDManager.newBaseManager(around.device())) {
      Optional<ResumeState> found = ResumeState.load(scratch, around.folder().state());
      if (found.isEmpty()) {
        return new Progress(0, Double.POSITIVE_INFINITY);
      }
      ResumeState saved = found.get();
      long step = Long.parseLong(saved.facts().get("step"));
      if (!around.resume()) {
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
          around.folder().path()
              + " holds a run that stopped at step "
              + step
              + "; add --resume to go on, or name another folder with --run",
          null);
    }
  }

  private void checkSameOptions(ResumeState saved) {
    facts()
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
                        + around.folder().path()
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
